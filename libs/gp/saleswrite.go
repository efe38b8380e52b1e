package gp

import (
	"strconv"

	"github.com/shopspring/decimal"
)

func (o SalesOrder) object() object { return SalesDocument(o).object("Order") }

func (o SalesReturn) object() object {
	lines := make([]object, len(o.Lines))
	for i, l := range o.Lines {
		lines[i] = l.object(o.CurrencyISO)
		lines[i]["ReturnQuantity"] = l.Return.object()
	}
	of := SalesDocument(o).object("Return")
	of["Lines"] = lines
	return of
}

// object gives the elements that all types of documents have.
func (d SalesDocument) object(kind string) object {
	amount := func(v decimal.NullDecimal) money { return money{v, d.CurrencyISO} }
	var lines, payments, taxes []object
	for _, l := range d.Lines {
		lines = append(lines, l.object(d.CurrencyISO))
	}
	for _, p := range d.Payments {
		payments = append(payments, p.object(d.CurrencyISO))
	}
	for _, t := range d.Taxes {
		// The line of a document's own tax is 0 (SOP10105.LNITMSEQ).
		taxes = append(taxes, object{
			"TaxAmount": amount(t.Amount), "Key": object{"SequenceNumber": "0", "TaxDetailKey": key(t.DetailID)},
		})
	}
	return object{
		"Key": key(d.Number), "Date": d.Date.wire(),
		"FreightAmount": amount(d.Freight), "MiscellaneousAmount": amount(d.Miscellaneous), "TaxAmount": amount(d.Tax),
		"TradeDiscount": reduction(d.TradeDiscount, d.CurrencyISO),
		"CustomerName":  d.CustomerName, "CustomerPONumber": d.CustomerPO, "Reference": d.Reference,
		"RequestedShipDate": d.RequestedShipDate.wire(), "Comment": d.Comment, "Note": d.Note,
		"TaxScheduleKey":    key(d.TaxScheduleID),
		"DocumentTypeKey":   object{"Type": kind, "Id": d.DocumentTypeID},
		"ShippingMethodKey": key(d.ShippingMethodID), "WarehouseKey": key(d.WarehouseID),
		"CustomerKey": key(d.CustomerID), "BatchKey": key(d.BatchID),
		"SalesTerritoryKey": key(d.TerritoryID), "SalespersonKey": key(d.SalespersonID),
		"BillToAddressKey": customerAddressKey(d.CustomerID, d.BillToAddressID),
		"ShipToAddressKey": customerAddressKey(d.CustomerID, d.ShipToAddressID),
		"PaymentTermsKey":  key(d.PaymentTermsID), "CurrencyKey": currencyKey(d.CurrencyISO),
		"PriceLevelKey": key(d.PriceLevelID), "ShipToAddress": d.ShipTo.object(),
		"UserDefined": d.UserDefined.object(), "Lines": lines, "Payments": payments, "Taxes": taxes,
	}
}

func currencyKey(iso string) object {
	if iso == "" {
		return nil
	}
	return object{"ISOCode": iso}
}

// reduction is a MoneyPercentChoice; ours are always amounts.
func reduction(d decimal.NullDecimal, currency string) object {
	if !d.Valid {
		return nil
	}
	return object{"Amount": money{d, currency}}
}

// sequenced is a key whose number is left to GP when it is zero.
func sequenced(name string, sequence int) object {
	if sequence == 0 {
		return nil
	}
	return object{name: strconv.Itoa(sequence)}
}

func (l SalesLine) object(currency string) object {
	amount := func(d decimal.NullDecimal) money { return money{d, currency} }
	return object{
		"Key":       sequenced("LineSequenceNumber", l.Sequence),
		"UnitPrice": unitPrice{l.UnitPrice, currency}, "TotalAmount": amount(l.Total), "Quantity": quantity(l.Quantity),
		"Discount": reduction(l.Discount, currency), "ItemDescription": l.Description,
		"IsNonInventory": yes(l.NonInventory), "IsDropShip": yes(l.DropShip),
		"RequestedShipDate": l.RequestedShipDate.wire(), "Comment": l.Comment, "UofM": l.UofM,
		"DeleteOnUpdate": yes(l.Delete), "TaxAmount": amount(l.Tax), "TaxScheduleKey": key(l.TaxScheduleID),
		"WarehouseKey": key(l.WarehouseID), "ItemKey": key(l.ItemNumber),
		"ShippingMethodKey": key(l.ShippingMethodID), "PriceLevelKey": key(l.PriceLevelID),
		"SalesGLAccountKey": key(l.SalesAccount),
	}
}

// object has the quantities which are not zero.
func (q ReturnQuantities) object() object {
	o := object{}
	for name, d := range map[string]decimal.Decimal{
		"OnHandQuantity": q.OnHand, "ReturnedQuantity": q.Returned, "InUseQuantity": q.InUse,
		"InServiceQuantity": q.InService, "DamagedQuantity": q.Damaged,
	} {
		if !d.IsZero() {
			o[name] = quantity(d)
		}
	}
	return o
}

func (p Payment) object(currency string) object {
	return object{
		"Key": sequenced("SequenceNumber", p.Sequence), "Date": p.Date.wire(),
		"PaymentAmount":  money{p.Amount, currency},
		"BankAccountKey": key(p.CheckbookID), "PaymentCardTypeKey": key(p.CardID),
		"CheckNumber": p.CheckNumber, "AuthorizationCode": p.AuthorizationCode,
		"Type": string(p.Type), "Number": p.Number, "DeleteOnUpdate": yes(p.Delete),
		"CurrencyKey": currencyKey(currency),
	}
}

var (
	userLists = [3]string{"List01", "List02", "List03"}
	userTexts = [5]string{"Text01", "Text02", "Text03", "Text04", "Text05"}
)

func (u UserDefined) object() object {
	if u == (UserDefined{}) {
		return nil
	}
	o := object{"Date01": u.Date1.wire(), "Date02": u.Date2.wire()}
	for i, name := range userLists {
		o[name] = u.Lists[i]
	}
	for i, name := range userTexts {
		o[name] = u.Texts[i]
	}
	return o
}
