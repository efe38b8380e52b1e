// Package flow is the mapping engine: it turns a change or an outcome into the
// commands of a flow. It is a pure function of its inputs: no call leaves the
// process, and neither clock, chance nor map order has a say, so the same
// inputs give the same command, byte for byte. Explanations, previews,
// replays and comparisons of two versions all rest on that.
//
// A flow is one YAML document (see [Document]; its JSON Schema is
// flow.schema.json):
//
//	flow: order-to-gp                            # its name and version; a published version never changes
//	version: 1
//	on: io.magpie.magento.order.changed.v1       # the event that starts it
//	settings: {prefix: {default: WEB}}           # what a pair may set otherwise
//	tables: {terms: {rows: {checkmo: NET30}}}    # lookups
//	let: {total: number(order.grand_total)}      # named expressions, evaluated when first needed
//	checks: [{that: total >= 0, else: refuse, code: order.total.negative, reason: "..."}]
//	write:
//	  - to: gp.order
//	    key: settings.prefix + order.increment_id
//	    when: [{that: order.state != "canceled", else: withdraw}]
//	    fields: {number: settings.prefix + order.increment_id, sopType: {const: Order}}
//
// A scalar where a value is wanted is always an expression; a constant is
// written {const: ...}. A rule is thus one of: an expression, {value}, {const},
// {fields} for an object, {each, as, fields} for a list; each but the bare
// expression may carry its own {when}.
//
// # Expressions
//
// The language is expr-lang's syntax with its own arithmetic. Its values are
// null, true and false, text, numbers, lists and records, and:
//
//   - Every number is a decimal, made from its source text or from the text in
//     the record; there are no floating-point numbers and no machine integers.
//     A quotient has 16 places, rounded half to even; all else is exact.
//   - Comparisons compare two values; write a < b and b < c.
//   - Reading an absent field gives null, at any depth. Arithmetic with null is
//     refused, and says so; write number(x, 0) or x ?? 0.
//   - Text and numbers never mix: "WEB" + 12 does not compile, and comparing a
//     text with a number is refused. text(x) and number(x) convert.
//   - The functions are those of [Functions], each documented with an example
//     that is a test, and the loops all, any, none, one, filter, map, find,
//     findLast, count, sum and reduce, nested at most two deep.
//
// Nothing of the host can be reached: no clock, no random, no methods of Go
// values, no environment.
package flow
