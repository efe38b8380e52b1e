package gp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// operation is one operation of the port type.
type operation struct {
	name   string
	area   string
	kind   string // ServiceType of the exception log: Create, Update, GetByKey, ...
	object string // BusinessObjectType of the exception log
	params *typeDef
	result field // without a name when the response is empty
	run    operate
	key    string // path of the argument that says which record a write is for
	// systemWide calls need no organization.
	systemWide bool
}

// operate does the work of an operation and returns its result.
type operate func(context.Context, *call) (any, error)

// call is an operation under way, inside its transaction.
type call struct {
	*Server
	op   *operation
	q    querier
	args *object
	now  time.Time // of the company's wall clock
	utc  time.Time
	user string
	behaviors
}

// write reports whether the operation changes something.
func (o *operation) writes() bool { return o.result.name == "" }

// at reports whether an endpoint of this area answers the operation.
func (o *operation) at(area string) bool {
	return area == areaAll || o.area == areaCommon || o.area == area
}

// operationsByName lists what the sandbox answers. Parameters and results are
// in the notation of schema.txt; parameter order is the WSDL's.
func operationsByName() map[string]*operation {
	all := map[string]*operation{}
	var add register = func(area, kind, object, name, params, result string, run operate) *operation {
		op := &operation{name: name, area: area, kind: kind, object: object, run: run}
		op.params = &typeDef{name: name, ns: nsGP}
		for _, p := range strings.Fields(params) {
			op.params.own = append(op.params.own, mustField(p))
		}
		op.params.flatten()
		if result != "" {
			op.result = mustField(name + "Result:" + result)
		}
		all[name] = op
		return op
	}
	create := func(area, object, param, key string, run operate) {
		add(area, "Create", object, "Create"+object, param+":"+object+" context:Context policy:Policy", "", run).key = param + "." + key
	}
	update := func(area, object, param, key string, run operate) {
		add(area, "Update", object, "Update"+object, param+":"+object+" context:Context policy:Policy", "", run).key = param + "." + key
	}
	byKey := func(area, object, keyType string, run operate) {
		add(area, "GetByKey", object, "Get"+object+"ByKey", "key:"+keyType+" context:Context", object, run)
	}
	list := func(area, object, criteria, entry string, run operate) {
		add(area, "GetList", object, "Get"+object+"List", "criteria:"+criteria+" context:Context", "["+entry+"]", run)
	}

	for _, k := range documentKinds {
		create(areaSales, k.object, k.param, "Key.Id", createSales(k))
		update(areaSales, k.object, k.param, "Key.Id", updateSales(k))
		add(areaSales, "Delete", k.object, "Delete"+k.object, "key:SalesDocumentKey context:Context policy:Policy", "", deleteSales(k)).key = "key.Id"
		add(areaSales, "Void", k.object, "Void"+k.object, "key:SalesDocumentKey context:Context policy:Policy", "", voidSales(k)).key = "key.Id"
		byKey(areaSales, k.object, "SalesDocumentKey", getSales(k))
		list(areaSales, k.object, k.object+"Criteria", k.object+"Summary", listSales(k))
	}
	list(areaSales, "SalesDocument", "SalesDocumentCriteria", "SalesDocumentSummary", listSalesDocuments)

	create(areaCustomer, "Customer", "customer", "Key.Id", createCustomer)
	update(areaCustomer, "Customer", "customer", "Key.Id", updateCustomer)
	byKey(areaCustomer, "Customer", "CustomerKey", getCustomer)
	list(areaCustomer, "Customer", "CustomerCriteria", "CustomerSummary", listCustomers)
	create(areaCustomer, "CustomerAddress", "address", "Key.CustomerKey.Id", createCustomerAddress)
	update(areaCustomer, "CustomerAddress", "address", "Key.CustomerKey.Id", updateCustomerAddress)
	byKey(areaCustomer, "CustomerAddress", "CustomerAddressKey", getCustomerAddress)

	byKey(areaInventory, "Item", "ItemKey", getItem)
	byKey(areaInventory, "InventoriedItem", "ItemKey", getInventoriedItem)
	list(areaInventory, "Item", "ItemCriteria", "ItemSummary", listItems)
	list(areaInventory, "InventoriedItem", "ItemCriteria", "ItemSummary", listInventoriedItems)
	byKey(areaInventory, "Pricing", "PricingKey", getPricing)
	byKey(areaInventory, "PriceLevel", "PriceLevelKey", getPriceLevel)
	byKey(areaInventory, "Warehouse", "WarehouseKey", getWarehouse)
	list(areaInventory, "Warehouse", "any", "Warehouse", listWarehouses)

	// Sources don't print this parameter's name; both likely ones are taken.
	add(areaLedger, "Create", "GLTransaction", "CreateGLTransaction",
		"glTransaction:GLTransaction transaction:GLTransaction context:Context policy:Policy", "", createGLTransaction).key = "glTransaction.Key.JournalId"
	byKey(areaLedger, "GLTransaction", "GLTransactionKey", getGLTransaction)
	add(areaLedger, "GetByKey", "GLTransaction", "GetGLPostedTransactionByKey", "key:GLTransactionPostedKey context:Context", "GLTransaction", getGLPostedTransaction)
	list(areaLedger, "GLTransaction", "GLTransactionCriteria", "GLTransactionSummary", listGLTransactions)
	list(areaLedger, "GLAccount", "GLAccountCriteria", "GLAccountSummary", listGLAccounts)
	// The SDK has receipts in its Sales interface; which of the split services
	// answers for them isn't printed, so all do.
	create(areaCommon, "CashReceipt", "cashReceipt", "Key.Id", createCashReceipt)
	byKey(areaCommon, "CashReceipt", "ReceivablesDocumentKey", getCashReceipt)
	list(areaCommon, "CashReceipt", "CashReceiptCriteria", "CashReceiptSummary", listCashReceipts)
	add(areaCommon, "Void", "CashReceipt", "VoidCashReceipt", "key:ReceivablesDocumentKey context:Context policy:Policy", "", voidCashReceipt).key = "key.Id"

	byKey(areaCommon, "Currency", "CurrencyKey", getCurrency)
	byKey(areaCommon, "PaymentTerms", "PaymentTermsKey", getPaymentTerms)
	list(areaCommon, "PaymentTerms", "any", "PaymentTerms", listPaymentTerms)
	byKey(areaCommon, "ShippingMethod", "ShippingMethodKey", getShippingMethod)
	list(areaCommon, "ShippingMethod", "any", "ShippingMethod", listShippingMethods)
	byKey(areaCommon, "TaxSchedule", "TaxScheduleKey", getTaxSchedule)
	byKey(areaCommon, "Bank", "BankKey", getBank)
	byKey(areaCommon, "Batch", "BatchKey", getBatch)
	list(areaCommon, "Batch", "BatchCriteria", "Batch", listBatches)

	add(areaCommon, "GetByKey", "Policy", "GetPolicyByOperation", "operation context:Context", "Policy", getPolicyByOperation)
	byKey(areaCommon, "Policy", "PolicyKey", getPolicyByKey)
	byKey(areaCommon, "Company", "CompanyKey", getCompany)
	list(areaCommon, "Company", "any", "Company", listCompanies)
	add(areaCommon, "GetList", "Company", "GetWSEnabledCompanyList", "context:Context", "[Company]", listCompanies)
	for _, name := range []string{"GetCompanyByKey", "GetCompanyList", "GetWSEnabledCompanyList"} {
		all[name].systemWide = true
	}

	add(areaCommon, "GetByKey", "LoggedExceptionData", "GetLoggedValidationResultByKey", "logId:guid! context:Context", "ValidationResult", getLoggedValidationResult)
	add(areaCommon, "GetByKey", "LoggedExceptionData", "GetLoggedExceptionDataByKey", "logId:guid! context:Context", "LoggedExceptionData", getLoggedExceptionData)
	add(areaCommon, "GetList", "LoggedExceptionData", "GetLoggedExceptionDataList", "beginDate:dateTime! endDate:dateTime! context:Context", "[LoggedExceptionDataSummary]", listLoggedExceptionData)
	addMasterOperations(add)
	addChangedKeyOperations(add)
	return all
}

func mustField(spec string) field {
	f, err := parseField(schema, spec)
	if err != nil {
		panic("gp: " + err.Error()) // the list above is part of the program
	}
	f.ns = nsGP
	return f
}

// perform decodes, works, and answers; what goes wrong becomes a fault.
func (s *Server) perform(ctx context.Context, op *operation, m message, user string) ([]byte, *fault) {
	begin := time.Since(s.started)
	now := s.cfg.Now()
	c := &call{Server: s, op: op, now: wallClock(now.In(s.cfg.Location)), utc: rowStamp(now.UTC()), user: user}
	body, err := s.attempt(ctx, c, m)
	end := time.Since(s.started)

	outcome, logID := "ok", ""
	var invalid *validationError
	if errors.As(err, &invalid) {
		outcome = "validation"
	} else if err != nil {
		outcome = "system"
		s.log.DebugContext(ctx, "system exception", "operation", op.name, "error", err)
	}
	s.countCall(op.name, outcome)
	if err != nil {
		logID = s.newID()
	}
	if err != nil || op.writes() {
		record := s.store.record(ctx, func(q querier) error {
			if logID != "" {
				if err := logException(ctx, q, c, m, logID, err); err != nil {
					return err
				}
			}
			return s.recordCall(ctx, q, c, begin, end, outcome)
		})
		if record != nil {
			s.log.ErrorContext(ctx, "call not recorded", "operation", op.name, "error", record)
		}
	}
	if err != nil {
		return nil, s.cfg.FaultShape.shape(outcome == "validation", logID)
	}
	return body, nil
}

func (s *Server) attempt(ctx context.Context, c *call, m message) ([]byte, error) {
	d := decoder{strict: s.cfg.StrictOrder, location: s.cfg.Location}
	var err error
	if c.args, err = d.fields(m.body, c.op.params); err != nil {
		return nil, fmt.Errorf("there is an error in the XML document: %w", err)
	}
	s.work(ctx, c.op)
	if err := s.checkContext(c); err != nil {
		return nil, err
	}
	if c.behaviors, err = s.behaviorsOf(c.op, c.args.object("policy")); err != nil {
		return nil, err
	}
	var result any
	do := s.store.read
	if c.op.writes() {
		do = s.store.write
	}
	if err := do(ctx, func(q querier) error {
		c.q = q
		var err error
		if c.op.writes() {
			if c.utc, err = stampOf(ctx, q); err != nil {
				return err
			}
		}
		result, err = c.op.run(ctx, c)
		return err
	}); err != nil {
		return nil, err
	}
	return s.answer(c.op, result)
}

// checkContext demands the organization that all but system-wide calls need.
func (s *Server) checkContext(c *call) error {
	org := c.args.object("context.OrganizationKey")
	if org == nil {
		if c.op.systemWide {
			return nil
		}
		return refuse("Context", ruleMissing, "OrganizationKey", "The organization key is required.")
	}
	if id := org.int("Id"); id != int64(s.cfg.Company) && !c.op.systemWide {
		return fmt.Errorf("company %d: no such company, or it isn't web services enabled", id)
	}
	return nil
}

// work takes the time that a real server takes: more when more calls are under
// way than it has room for, and much more on the very first call.
func (s *Server) work(ctx context.Context, op *operation) {
	under := s.working.Add(1)
	defer s.working.Add(-1)
	mean := s.cfg.ReadTime
	if op.writes() {
		mean = s.cfg.CreateTime
	}
	d := workTime(mean, rand.Float64(), under, int64(s.cfg.Parallel)) //nolint:gosec // a jitter
	if s.warm.CompareAndSwap(false, true) {
		d += s.cfg.WarmUp
	}
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.done:
	case <-ctx.Done():
	}
}

// workTime is half to one and a half times the mean, and stretched when more
// calls are under way than there is room for.
func workTime(mean time.Duration, jitter float64, under, room int64) time.Duration {
	d := time.Duration(float64(mean) * (0.5 + jitter))
	if under > room {
		d = d * time.Duration(under) / time.Duration(room)
	}
	return d
}

// recordCall notes when a write was under way.
func (s *Server) recordCall(ctx context.Context, q querier, c *call, begin, end time.Duration, outcome string) error {
	if !c.op.writes() {
		return nil
	}
	param, _, _ := strings.Cut(c.op.key, ".")
	key := c.args.str(param + ".CustomerPONumber") // of a document without a number
	if v := c.args.get(c.op.key); v != nil {
		key = scalarText(v)
	}
	_, err := q.ExecContext(ctx, `INSERT INTO calls (key, op, begin, "end", outcome) VALUES (?, ?, ?, ?, ?)`,
		key, c.op.name, s.started.Add(begin).UnixNano(), s.started.Add(end).UnixNano(), outcome)
	if err != nil {
		return fmt.Errorf("record call: %w", err)
	}
	return nil
}

func (s *Server) countCall(name, outcome string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts[name] == nil {
		s.counts[name] = map[string]int{}
	}
	s.counts[name][outcome]++
}
