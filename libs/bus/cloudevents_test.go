package bus_test

import (
	"context"
	"testing"

	cejs "github.com/cloudevents/sdk-go/protocol/nats_jetstream/v2"
	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
)

// The SDK's own JetStream protocol must receive what we publish and send what
// we receive: then any CloudEvents client can read along.
func TestTheSDKsProtocolReceivesWhatWePublish(t *testing.T) {
	b, s := start(t)
	sent := command("Größe 1", "id-1")
	publish(t, b, sent)

	consumer, err := cejs.NewConsumer(s.ClientURL(), bus.Commands, "magpie.command.>", cejs.NatsOptions(), nil, []nats.SubOpt{nats.DeliverAll()})
	if err != nil {
		t.Fatal(err)
	}
	client, err := cloudevents.NewClient(consumer)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan cloudevents.Event, 1)
	ended := make(chan error, 1)
	go func() { ended <- client.StartReceiver(ctx, func(e cloudevents.Event) { got <- e; cancel() }) }()
	e := <-got
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := consumer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if e.ID() != "id-1" || e.Type() != sent.Type || e.Source() != "/main/gp" || e.Subject() != "Größe 1" ||
		e.DataContentType() != "application/json" || e.SpecVersion() != "1.0" {
		t.Errorf("got %s", e)
	}
	var body events.Command
	if err := e.DataAs(&body); err != nil || body.Target != "WEBGröße 1" {
		t.Errorf("got %+v, %v", body, err)
	}
	if e.Extensions()[events.ExtCorrelationID] != "id-1" || e.Extensions()[events.ExtPartitionKey] == nil {
		t.Errorf("extensions %v", e.Extensions())
	}
}

func TestWeReceiveWhatTheSDKsProtocolSends(t *testing.T) {
	b, s := start(t)
	sender, err := cejs.NewSender(s.ClientURL(), bus.Commands, "magpie.command.main.gp.order.9", cejs.NatsOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := cloudevents.NewClient(sender)
	if err != nil {
		t.Fatal(err)
	}
	e := cloudevents.NewEvent()
	e.SetID("theirs")
	e.SetSource("/main/gp")
	e.SetType(events.TypeName(events.GP, events.Order, "write"))
	if err := e.SetData(cloudevents.ApplicationJSON, events.Command{Target: "WEB9"}); err != nil {
		t.Fatal(err)
	}
	if err := client.Send(cloudevents.WithEncodingBinary(t.Context()), e); cloudevents.IsUndelivered(err) {
		t.Fatal(err)
	}
	got := make(chan *bus.Delivery, 1)
	consume(t, b.Consumer(spec(1), nil), func(_ context.Context, d *bus.Delivery) error { got <- d; return nil })
	d := <-got
	var body events.Command
	if err := d.Data(&body); err != nil || body.Target != "WEB9" || d.Event.ID() != "theirs" {
		t.Errorf("got %s: %+v, %v", d.Event, body, err)
	}
	if err := sender.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
