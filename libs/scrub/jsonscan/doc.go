// Package jsonscan reads JSON text token by token and decodes nothing: a token
// is a kind and two offsets into the caller's bytes. It is for passes that look
// at a few members of a large document and leave the rest as it is, to the
// byte: [encoding/json] would turn numbers into float64 or decode what nobody
// asks for, and its Decoder gives tokens at a tenth of the speed.
//
// It accepts exactly what [encoding/json.Valid] accepts, with a limit of depth
// that the caller sets.
package jsonscan
