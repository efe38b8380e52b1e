package gp

import (
	"context"
	"fmt"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Policy is what an administrator of GP allows an operation to do, such as to
// create a batch or to compute prices (SDK: Policy). Every write carries it as
// it was answered: changes of internal behaviors are not a caller's to make.
type Policy struct {
	Operation string
	ID        string
	Behaviors []Behavior

	raw *node
}

// Behavior is one setting of a policy.
type Behavior struct {
	ID, Name, Description string
	// Internal ones can be set by an administrator alone.
	Internal bool
	Options  []Option
	Selected Option
}

// Option is one of the choices of a behavior.
type Option struct {
	ID                int
	Name, Description string
	Parameters        map[string]string
}

// Behavior finds a behavior by its name, such as "Create Batch".
func (p Policy) Behavior(name string) (Behavior, bool) {
	for _, b := range p.Behaviors {
		if strings.EqualFold(b.Name, name) {
			return b, true
		}
	}
	return Behavior{}, false
}

type policyKey struct{ company, operation string }

// Policy reads the policy of an operation, such as CreateSalesOrder, once.
func (c *Client) Policy(ctx context.Context, operation string) (Policy, error) {
	company, err := c.companyID(ctx)
	if err != nil {
		return Policy{}, err
	}
	k := policyKey{company, operation}
	c.mu.Lock()
	policy, ok := c.policies[k]
	c.mu.Unlock()
	if ok {
		return policy, nil
	}
	if policy, err = c.fetchPolicy(ctx, operation); err != nil {
		return Policy{}, err
	}
	c.mu.Lock()
	c.policies[k] = policy
	c.mu.Unlock()
	return policy, nil
}

// Forget drops the policies that were read, so that the next write sees what an
// administrator has changed since.
func (c *Client) Forget() {
	c.mu.Lock()
	clear(c.policies)
	c.mu.Unlock()
}

func (c *Client) fetchPolicy(ctx context.Context, operation string) (Policy, error) {
	const get = "GetPolicyByOperation"
	about, err := c.context(ctx)
	if err != nil {
		return Policy{}, err
	}
	response, err := c.exchange(ctx,
		call{operation: get, address: c.services.of(operation)},
		object{"operation": operation, "context": about})
	if err != nil {
		return Policy{}, err
	}
	result := response.child(get + "Result")
	if len(result.all()) == 0 {
		e := notFound("policy", operation)
		e.Fix = "give the account's role a policy for the operation in GP's Policy console"
		return Policy{}, e
	}
	p := Policy{Operation: operation, ID: result.text("Key", "Id"), raw: result}
	var r reading
	for _, n := range result.all("Behaviors") {
		b := Behavior{
			ID: n.text("Key", "Id"), Name: n.text("Name"), Description: n.text("Description"),
			Internal: n.yes("Internal"), Selected: readOption(&r, n.child("SelectedOption")),
		}
		for _, o := range n.all("Options") {
			b.Options = append(b.Options, readOption(&r, o))
		}
		p.Behaviors = append(p.Behaviors, b)
	}
	if r.err != nil {
		return Policy{}, unreadable(get, r.err)
	}
	return p, nil
}

func readOption(r *reading, n *node) Option {
	o := Option{ID: r.int(n, "Key", "Id"), Name: n.text("Name"), Description: n.text("Description")}
	for _, p := range n.all("Parameters") {
		if o.Parameters == nil {
			o.Parameters = map[string]string{}
		}
		o.Parameters[p.text("Name")] = p.text("Value")
	}
	return o
}

// unreadable is a read whose answer makes no sense. A write has ErrUnknownOutcome.
func unreadable(operation string, err error) *failure.Error {
	e := failure.Transient("gp.unreadable", fmt.Sprintf("GP's answer to %s can't be read: %v", operation, err), err)
	e.Fix = "call it by hand and look; when it stays, the service is of another version than Magpie knows"
	return e
}
