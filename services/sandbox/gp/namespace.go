package gp

// The namespaces of the WSDL. An element belongs to the namespace of the type
// that declares it, so one message mixes three of them (DynamicsGP.wsdl).
const (
	nsGP   = "http://schemas.microsoft.com/dynamics/gp/2006/01"
	nsDyn  = "http://schemas.microsoft.com/dynamics/2006/01"
	nsSec  = "http://schemas.microsoft.com/dynamics/security/2006/01"
	nsSOAP = "http://schemas.xmlsoap.org/soap/envelope/"
	nsXSI  = "http://www.w3.org/2001/XMLSchema-instance"
	nsXSD  = "http://www.w3.org/2001/XMLSchema"

	nsExceptionDetail = "http://schemas.datacontract.org/2004/07/System.ServiceModel"
	nsDispatcher      = "http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher"
	nsAddressingNone  = "http://schemas.microsoft.com/ws/2005/05/addressing/none"
)

// prefixes are how schema.txt writes the namespaces other than gp's.
var prefixes = map[string]string{"dyn": nsDyn, "sec": nsSec}
