package gp

// itemWSDL is the part of the WSDL about items and prices. An item is written as
// a SalesItem; between it and Item stands InventoriedItem, which adds nothing.
const itemWSDL = `
ItemClassKey     < GreatPlainsKey: Id=ITMCLSCD
UofMScheduleKey  < GreatPlainsKey: Id=UOMSCHDL
ItemCurrencyKey  < GreatPlainsKey: ItemKey:ItemKey CurrencyKey:CurrencyKey
PricingKey       < GreatPlainsKey: ItemKey:ItemKey CurrencyKey:CurrencyKey PriceLevelKey:PriceLevelKey UofM=UOFM

Item < BusinessObject:
	Key:ItemKey Description=ITEMDESC ShortDescription=ITMSHNAM GenericDescription=ITMGEDSC
	ClassKey:ItemClassKey Type!? SalesTaxBasis!? SalesTaxScheduleKey:TaxScheduleKey
	UofMScheduleKey:UofMScheduleKey ShippingWeight!? QuantityDecimalPlaces!? CurrencyDecimalPlaces!?
	PurchaseTaxBasis!? PurchaseTaxScheduleKey StandardCost:MoneyAmount CurrentCost:MoneyAmount
	SubstituteItem1Key SubstituteItem2Key IncludeInDemandPlanning!? AllowBackOrder!? WarrantyDays!? ABCCode!?
	UserCategoryList1=USCATVLS UserCategoryList2=USCATVLS UserCategoryList3=USCATVLS
	UserCategoryList4=USCATVLS UserCategoryList5=USCATVLS UserCategoryList6=USCATVLS
	KeepCalendarYearHistory!? KeepFiscalYearHistory!? KeepTransactionHistory!? KeepDistributionHistory!?
	InventoryGLAccountKey InventoryOffsetGLAccountKey CostofGoodsSoldGLAccountKey SalesGLAccountKey
	MarkdownGLAccountKey SalesReturnGLAccountKey InUseGLAccountKey InServiceGLAccountKey DamagedGLAccountKey
	VarianceGLAccountKey DropShipGLAccountKey PurchasePriceVarianceGLAccountKey
	UnrealizedPurchasePriceVarianceGLAccountKey InventoryReturnGLAccountKey AssemblyVarianceGLAccountKey
	PurchaseUofM=UOFM DefaultWarehouseKey:WarehouseKey PriceMethod!? FunctionalCurrencyDecimalPlaces!?
	ModifiedDate!? LastModifiedDate!? CreatedDate!? IsDiscontinued!? DefaultPriceLevelKey:PriceLevelKey
	DefaultSellingUofM=UOFM InternetAddresses

SalesItem < Item:
	ValuationMethod!? TrackingOption!? LotCategoryKey MinimumShelfLifeDays1!? MinimumShelfLifeDays2!?
	RevalueInventory!? TolerancePercentage Quantities

ItemCurrency < BusinessObject:
	Key:ItemCurrencyKey CurrencyDecimalPlaces!? ListPrice:MoneyAmount

ItemCriteria:
	ItemId:LikeRestrictionOfString Description:LikeRestrictionOfString ShortDescription GenericDescription
	ItemClassId:LikeRestrictionOfString CreatedDate:BetweenRestrictionOfNullable
	ModifiedDate:BetweenRestrictionOfNullable LastModifiedDate:BetweenRestrictionOfNullable
	Type:ListRestrictionOfNullable IsDiscontinued:RestrictionOfNullable
PricingCriteria:
	ItemId:LikeRestrictionOfString CurrencyISOCode:LikeRestrictionOfString PriceLevelId:LikeRestrictionOfString
	UofM:LikeRestrictionOfString LastModifiedDate:BetweenRestrictionOfNullable
ItemChangedKeyCriteria < BaseChangedKeyCriteria:
	ItemType:ListRestrictionOfNullable ItemKeyId:BetweenRestrictionOfString
PricingChangedKeyCriteria < BaseChangedKeyCriteria:
	ItemKeyId:BetweenRestrictionOfString CurrencyKeyId PriceLevelKeyId UofMKeyId

GetItemByKey:          key!:ItemKey context!:Context
GetItemList:           criteria!:ItemCriteria context!:Context
CreateSalesItem:       salesItem!:SalesItem context!:Context policy!
DiscontinueSalesItem:  key!:ItemKey context!:Context policy!
GetItemCurrencyByKey:  key!:ItemCurrencyKey context!:Context
CreateItemCurrency:    itemCurrency!:ItemCurrency context!:Context policy!
GetPricingByKey:       key!:PricingKey context!:Context
GetPricingList:        criteria!:PricingCriteria context!:Context
GetChangedItemKeyList:    criteria!:ItemChangedKeyCriteria context!:Context
GetChangedPricingKeyList: criteria!:PricingChangedKeyCriteria context!:Context
`
