package dlq_test
import ("testing";"context";"time";"errors"
"github.com/magpie-integration/magpie/libs/bus"
"github.com/magpie-integration/magpie/events"
"github.com/magpie-integration/magpie/services/dlq")
func TestScratch(t *testing.T){
 b:=start(t)
 if _,err:=b.Epoch(t.Context());err!=nil{t.Fatal(err)}
 kv,_:=b.KV(t.Context(),bus.Meta)
 if err:=kv.Delete(t.Context(),"epoch");err!=nil{t.Fatal(err)}
 ctx,cancel:=context.WithTimeout(t.Context(),2*time.Second);defer cancel()
 _,err:=b.Epoch(ctx)
 t.Log("epoch after delete:",err, errors.Is(err,context.DeadlineExceeded))
 _,err=b.Resend(t.Context(),events.Message{Subject:"magpie.command.main.gp.order.9",Sequence:3,Raw:[]byte("hello"),Headers:map[string]string{"ce-specversion":"1.0","ce-id":"x","ce-type":"t","ce-source":"/s"}},"r","c")
 m,_,_:=b.Last(t.Context(),bus.Commands,"magpie.command.main.gp.order.9")
 t.Logf("resend raw: %v %q",err,m.Data)
 publish(t,b,command("main","123","w1"))
 refuse(t,b,writerSpec,1,mismatch())
 _=dlq.Filter{}
 t.Log(b.Delete(t.Context(),bus.Dead,1), b.Delete(t.Context(),bus.Dead,1))
}
