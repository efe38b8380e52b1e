// Package gp is a client of the web services of Microsoft Dynamics GP: SOAP 1.1
// at the legacy endpoint (BasicHttpBinding). The native endpoint needs
// WS-SecureConversation with Windows credentials, which Go has no library for;
// eConnect needs Windows, or procedures that only a database owner may call.
// Take this package whenever something is read from or written to GP and its
// rules must hold; read SQL directly only for what the services don't offer.
//
// What the service demands of its callers, and where it is kept here:
//
//   - elements in the exact order and in one of three namespaces (schema.go,
//     one text in the notation of the WSDL; encode.go writes by it);
//   - values which fit columns of fixed length in code page 1252 (lengths.go,
//     text.go), and money with its currency's own decimals (money.go);
//   - a policy with every write (policy.go);
//   - errors which carry only the id of a log entry (fault.go fetches the text).
//
// What it does not give, and what a caller must do about it:
//
//   - A write is answered with nothing. Send your own key, and read it back.
//   - There are no request ids. A write that was sent and not answered is
//     failure.ErrUnknownOutcome: look for the document before sending it again.
//   - A document may be in work or in history; reads here look at both.
//
// Every error is a *failure.Error. Answers are read liberally (by local name,
// with blanks cut at the right, 1900-01-01 as no date), messages are written
// strictly.
//
// Sources, as they are named in the comments: "GP Web Services WSDL" is the one
// that the legacy endpoint publishes; "SDK" is Microsoft's documentation, Web
// Services for Microsoft Dynamics GP; lengths are those of the tables and of
// the eConnect schema.
package gp
