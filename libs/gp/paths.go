package gp

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Services holds the paths of the four services below Config.URL. They may all
// be the same: messages, namespaces and SOAPAction don't depend on the path.
type Services struct {
	Sales, Customer, Inventory, Ledger string
}

// presets are the paths by the name of a customary layout. "dynamics-gp" is the
// legacy endpoint of the installer (SDK: Endpoints); the other two are found
// where somebody published the services one by one.
var presets = map[string]Services{
	"gp-service":      each("/Dynamics/GPService/", ".svc", "SOPService"),
	"gp-web-services": each("/Dynamics/GP/WebServices/", ".svc", "SalesOrderService"),
	"dynamics-gp": {
		Sales:     "/DynamicsGPWebServices/DynamicsGPService.asmx",
		Customer:  "/DynamicsGPWebServices/DynamicsGPService.asmx",
		Inventory: "/DynamicsGPWebServices/DynamicsGPService.asmx",
		Ledger:    "/DynamicsGPWebServices/DynamicsGPService.asmx",
	},
}

func each(folder, extension, sales string) Services {
	return Services{
		Sales:     folder + sales + extension,
		Customer:  folder + "CustomerService" + extension,
		Inventory: folder + "InventoryService" + extension,
		Ledger:    folder + "GLService" + extension,
	}
}

// services gives the full address of each service.
func (c Config) services() (Services, error) {
	paths := c.Services
	if c.Paths != "" {
		preset, ok := presets[c.Paths]
		if !ok {
			return Services{}, fmt.Errorf("gp: Paths %q: want gp-service, gp-web-services or dynamics-gp, or give Services", c.Paths)
		}
		paths = preset
	}
	base, err := url.Parse(c.URL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return Services{}, errors.New("gp: URL: want http:// or https:// and a host")
	}
	if base.User != nil { // addresses are shown in failures
		return Services{}, errors.New("gp: URL: put its user and password into User and Password")
	}
	for name, path := range map[string]*string{
		"Sales": &paths.Sales, "Customer": &paths.Customer, "Inventory": &paths.Inventory, "Ledger": &paths.Ledger,
	} {
		if *path == "" {
			return Services{}, fmt.Errorf("gp: Services.%s is empty and Paths names no preset", name)
		}
		*path = base.JoinPath(*path).String()
	}
	return paths, nil
}

// of picks the service by the operation's name, the more special word first: a
// CreateSalesItem is an item, a GetCustomerReceivablesSummary a customer.
func (s Services) of(operation string) string {
	for _, w := range []struct{ word, address string }{
		{"Customer", s.Customer},
		{"Item", s.Inventory}, {"Inventory", s.Inventory}, {"Warehouse", s.Inventory}, {"Pricing", s.Inventory},
		{"GL", s.Ledger}, {"CashReceipt", s.Ledger}, {"Receivables", s.Ledger}, {"Bank", s.Ledger},
	} {
		if strings.Contains(operation, w.word) {
			return w.address
		}
	}
	return s.Sales
}
