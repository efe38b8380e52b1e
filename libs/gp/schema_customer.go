package gp

// customerWSDL is the part of the WSDL about customers and their addresses.
const customerWSDL = `
Customer < BusinessObject:
	Key:CustomerKey IsOnHold!? IsActive!? ShipCompleteOnly!? Name=CUSTNAME Shortname=SHRTNAME
	StatementName=STMTNAME ClassKey:CustomerClassKey Priority!? DefaultAddressKey:CustomerAddressKey
	ShipToAddressKey:CustomerAddressKey BillToAddressKey:CustomerAddressKey
	StatementToAddressKey:CustomerAddressKey Comment1=COMMENT1 Comment2=COMMENT2 TradeDiscountPercent
	PaymentTermsKey:PaymentTermsKey DiscountGracePeriod!? DueDateGracePeriod!? PriceLevelKey:PriceLevelKey
	Notes=NOTETEXT BalanceType!? FinanceCharge MinimumPayment CreditLimit MaximumWriteoff
	AllowRevaluation!? PostResultsTo!(Receivables/Discount Account) OrderFullfillmentShortageDefault!?
	IncludeInDemandPlanning!? PaymentCardAccount BankName BankBranch UserLanguageKey TaxExemptNumbers
	TaxRegistrationNumber=TXRGNNUM CurrencyKey:CurrencyKey RateTypeKey StatementCycle!? HistoryOptions
	SendEmailStatements!? BankAccountKey:BankAccountKey DefaultCashAccountType!?
	CashGLAccountKey AccountsReceivableGLAccountKey SalesGLAccountKey CostOfGoodsSoldGLAccountKey
	InventoryGLAccountKey PaymentTermsDiscountTakenGLAccountKey PaymentTermsDiscountAvailableGLAccountKey
	FinanceChargesGLAccountKey WriteoffGLAccountKey SalesOrderReturnsGLAccountKey
	OverpaymentWriteoffGLAccountKey StatementRecipients CreatedDate!(0001-01-01T00:00:00)
	ModifiedDate!(0001-01-01T00:00:00) LastModifiedDate!(0001-01-01T00:00:00) CorporateAccountKey
	UserDefined1=USERDEF UserDefined2=USERDEF Addresses:[CustomerAddress]

ConstituentAddress < BusinessAddress:
	UPSZone=UPSZONE ShippingMethodKey:ShippingMethodKey TaxScheduleKey:TaxScheduleKey
	CreatedDate!(0001-01-01T00:00:00) ModifiedDate!(0001-01-01T00:00:00) LastModifiedDate!?
	UserDefined1=USERDEF UserDefined2=USERDEF InternetAddresses:InternetAddresses

CustomerAddress < ConstituentAddress:
	Key:CustomerAddressKey SalespersonKey:SalespersonKey SalesTerritoryKey:SalesTerritoryKey
	WarehouseKey:WarehouseKey DeleteOnUpdate!?

InternetAddresses:
	MessengerAddress EmailToAddress EmailCcAddress EmailBccAddress
	InternetField1=INET InternetField2=INET InternetField3=INET InternetField4=INET
	InternetField5=INET InternetField6=INET InternetField7=INET InternetField8=INET AdditionalInformation

CustomerCriteria:
	Id:BetweenRestrictionOfString Name:LikeRestrictionOfString IsActive:RestrictionOfNullable
	IsOnHold:RestrictionOfNullable SalespersonId:LikeRestrictionOfString ClassId:LikeRestrictionOfString
	CorporateAccountId State PhoneNumber CreatedDate:BetweenRestrictionOfNullable
	ModifiedDate:BetweenRestrictionOfNullable LastModifiedDate:BetweenRestrictionOfNullable Scope!(Return All)
CustomerAddressCriteria:
	Scope!(Return All) SalesPersonKeyId SalesTerritoryKeyId CustomerAddressKeyId
	CustomerKeyId:LikeRestrictionOfString PhoneNumber Address City State PostalCode
CustomerChangedKeyCriteria < BaseChangedKeyCriteria: Id:BetweenRestrictionOfString
CustomerAddressChangedKeyCriteria < BaseChangedKeyCriteria:
	AddressKeyId:BetweenRestrictionOfString CustomerKeyId:BetweenRestrictionOfString

CreateCustomer:         customer!:Customer context!:Context policy!
UpdateCustomer:         customer!:Customer context!:Context policy!
GetCustomerByKey:       key!:CustomerKey context!:Context
GetCustomerList:        criteria!:CustomerCriteria context!:Context
CreateCustomerAddress:  address!:CustomerAddress context!:Context policy!
UpdateCustomerAddress:  address!:CustomerAddress context!:Context policy!
GetCustomerAddressByKey: key!:CustomerAddressKey context!:Context
GetCustomerAddressList: criteria!:CustomerAddressCriteria context!:Context
GetChangedCustomerKeyList:        criteria!:CustomerChangedKeyCriteria context!:Context
GetChangedCustomerAddressKeyList: criteria!:CustomerAddressChangedKeyCriteria context!:Context
`
