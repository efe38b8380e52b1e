package match_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/match"
)

var shared struct {
	kv    jetstream.KeyValue
	pairs atomic.Int64
}

func TestMain(m *testing.M) {
	os.Exit(bustest.Main(m, func(b *bus.Bus) (err error) {
		shared.kv, err = b.KV(context.Background(), bus.Matches)
		return err
	}))
}

// index is an empty one, of a pair of its own.
func index() *match.Index {
	return match.NewIndex(shared.kv, fmt.Sprintf("p%d", shared.pairs.Add(1)))
}

func TestNormalForms(t *testing.T) {
	for _, c := range []struct{ form, text, want string }{
		{"email", "  Ann.Lee@Example.COM ", "ann.lee@example.com"},
		{"email", " ", ""},
		{"name", "Müller, Jörg", "jorg muller"},
		{"name", "JÖRG  MÜLLER", "jorg muller"},
		{"name", "O'Brien Søren", "obrien soren"},
		{"name", "O’Brien-Straße", "obrien strasse"},
		{"name", "Aaron Fitz Electrical #2", "2 aaron electrical fitz"},
		{"name", " -- ", ""},
		{"postcode", "sw1a 1aa", "SW1A1AA"},
		{"postcode", "60601-1234", "606011234"},
		{"postcode", "", ""},
	} {
		form := map[string]func(string) string{"email": match.Email, "name": match.Name, "postcode": match.Postcode}[c.form]
		if got := form(c.text); got != c.want {
			t.Errorf("the %s %q is %q, want %q", c.form, c.text, got, c.want)
		}
	}
}

// Property: a normal form is its own, and the order and case of words say nothing.
func TestANormalFormIsItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		for what, form := range map[string]func(string) string{"email": match.Email, "name": match.Name, "postcode": match.Postcode} {
			once := form(text)
			if twice := form(once); twice != once {
				t.Errorf("the %s %q is %q, then %q", what, text, once, twice)
			}
		}
		words := rapid.SliceOfN(rapid.StringMatching(`[A-Za-z0-9]{1,6}`), 1, 4).Draw(t, "words")
		other := slices.Clone(words)
		slices.Reverse(other)
		if a, b := match.Name(strings.Join(words, " ")), match.Name(strings.ToUpper(strings.Join(other, ", "))); a != b {
			t.Errorf("%q and %q are not the same name: %q, %q", words, other, a, b)
		}
	})
}

func TestFindingACustomer(t *testing.T) {
	x, ctx := index(), t.Context()
	put(t, x, match.Customer{
		Number: "AARON01", Emails: []string{"Buyer@Fitz.example", "", "office@fitz.example"},
		Names: []match.Place{{"Aaron Fitz Electrical", "60601"}, {"Aaron Fitz Electrical", ""}},
	})
	put(t, x, match.Customer{Number: "AARON02", Emails: []string{"office@fitz.example"}})

	want(t, "one", byEmail(t, x, " buyer@fitz.example"), "AARON01")
	want(t, "two", byEmail(t, x, "office@fitz.example"), "AARON01", "AARON02")
	want(t, "nobody", byEmail(t, x, "else@fitz.example"))
	want(t, "no address", byEmail(t, x, ""))
	named, err := x.ByName(ctx, "electrical, AARON FITZ", "60 601")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "by name", named, "AARON01")
	if named, err = x.ByName(ctx, "Aaron Fitz Electrical", ""); err != nil || named != nil {
		t.Errorf("without a postcode %v was found (%v)", named, err)
	}

	put(t, x, match.Customer{Number: "AARON01", Emails: []string{"new@fitz.example"}})
	want(t, "an e-mail that it had", byEmail(t, x, "buyer@fitz.example"))
	want(t, "the new one", byEmail(t, x, "new@fitz.example"), "AARON01")
	want(t, "the other keeps his", byEmail(t, x, "office@fitz.example"), "AARON02")

	if err := x.Remove(ctx, "AARON02"); err != nil {
		t.Fatal(err)
	}
	want(t, "one who is gone", byEmail(t, x, "office@fitz.example"))
}

func TestAnIndexIsCompleteWhenItIsSaidSo(t *testing.T) {
	x := index()
	if done, err := x.Complete(t.Context()); err != nil || done {
		t.Fatalf("an empty index is complete: %v %v", done, err)
	}
	if err := x.Completed(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done, err := x.Complete(t.Context()); err != nil || !done {
		t.Errorf("complete: %v %v", done, err)
	}
}

// What many customers have identifies nobody, whoever leaves it later.
func TestACrowdStaysAmbiguous(t *testing.T) {
	x := index()
	const many = 40
	number := func(i int) events.Key { return events.Key(fmt.Sprintf("C%02d", i)) }
	for i := range many {
		put(t, x, match.Customer{Number: number(i), Emails: []string{"none@example.com"}})
	}
	for i := range many - 1 {
		put(t, x, match.Customer{Number: number(i)})
	}
	if got := byEmail(t, x, "none@example.com"); len(got) < 2 {
		t.Errorf("found %v, and others have had it that no list has", got)
	}
}

// killed is a bucket whose client dies after some writes.
type killed struct {
	jetstream.KeyValue
	left int
}

func (k *killed) die() error {
	if k.left--; k.left < 0 {
		return context.Canceled
	}
	return nil
}

func (k *killed) Create(ctx context.Context, key string, value []byte, opts ...jetstream.KVCreateOpt) (uint64, error) {
	if err := k.die(); err != nil {
		return 0, err
	}
	return k.KeyValue.Create(ctx, key, value, opts...)
}

func (k *killed) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if err := k.die(); err != nil {
		return 0, err
	}
	return k.KeyValue.Update(ctx, key, value, revision)
}

func (k *killed) Delete(ctx context.Context, key string, opts ...jetstream.KVDeleteOpt) error {
	if err := k.die(); err != nil {
		return err
	}
	return k.KeyValue.Delete(ctx, key, opts...)
}

// Property: whatever was put and wherever a process died, after every customer
// was put once more lookups find exactly who has a text now.
func TestTheIndexSaysWhoHasAText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pair := fmt.Sprintf("p%d", shared.pairs.Add(1))
		now := map[events.Key][]string{}
		for range rapid.IntRange(1, 8).Draw(t, "puts") {
			number := events.Key(rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "customer"))
			emails := rapid.SliceOfN(rapid.SampledFrom([]string{"x@e", "y@e", "z@e"}), 0, 3).Draw(t, "emails")
			kv := &killed{shared.kv, rapid.IntRange(0, 12).Draw(t, "writes until it dies")}
			_ = match.NewIndex(kv, pair).Put(context.Background(), match.Customer{Number: number, Emails: emails})
			now[number] = emails
		}
		x := match.NewIndex(shared.kv, pair)
		for number, emails := range now {
			if err := x.Put(context.Background(), match.Customer{Number: number, Emails: emails}); err != nil {
				t.Fatal(err)
			}
		}
		for _, email := range []string{"x@e", "y@e", "z@e"} {
			var want []events.Key
			for number, emails := range now {
				if slices.Contains(emails, email) {
					want = append(want, number)
				}
			}
			slices.Sort(want)
			if got, err := x.ByEmail(context.Background(), email); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s: found %v (%v), want %v", email, got, err, want)
			}
		}
	})
}

// Several processes may read one customer at once: the last to finish is right.
func TestPutsBesideEachOther(t *testing.T) {
	x := index()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c := match.Customer{Number: "A", Emails: []string{fmt.Sprintf("%d@example.com", i)}}
			if err := x.Put(context.Background(), c); err != nil {
				t.Error(err)
			}
			c = match.Customer{Number: events.Key(fmt.Sprint("N", i)), Emails: []string{"all@example.com"}}
			if err := x.Put(context.Background(), c); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	found := 0
	for i := range 8 {
		found += len(byEmail(t, x, fmt.Sprintf("%d@example.com", i)))
	}
	if all := byEmail(t, x, "all@example.com"); found != 1 || len(all) != 8 {
		t.Errorf("A is under %d of its addresses, and %v have the one of all", found, all)
	}
}

func put(t *testing.T, x *match.Index, c match.Customer) {
	t.Helper()
	if err := x.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func byEmail(t *testing.T, x *match.Index, email string) []events.Key {
	t.Helper()
	found, err := x.ByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func want(t *testing.T, what string, got []events.Key, numbers ...events.Key) {
	t.Helper()
	if !slices.Equal(got, numbers) {
		t.Errorf("%s: found %v, want %v", what, got, numbers)
	}
}
