package scrub_test
import ("testing";"encoding/json";"io";"github.com/magpie-integration/magpie/libs/scrub/jsonscan")
func BenchmarkValid(b *testing.B){ raw:=order(b); b.SetBytes(int64(len(raw))); for b.Loop(){ json.Valid(raw)} }
func BenchmarkScan(b *testing.B){ raw:=order(b); b.SetBytes(int64(len(raw))); n:=0; for b.Loop(){ n=0; var s jsonscan.Scanner; s.Reset(raw,0); for { _,err:=s.Next(); if err==io.EOF {break}; n++ } }; b.ReportMetric(float64(n),"tokens") }
