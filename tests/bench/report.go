package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

func report(w io.Writer, p plan, rows []row) {
	fmt.Fprintf(w, "\n%d orders as fast as they go; then %d a second for %d s. The two systems answer at once, %d customers in turn.\n\n",
		p.orders, p.rate, p.seconds, customers)
	fmt.Fprintln(w, "| program | sync | disk flushes/s | orders/s | CPU s per 1,000 | p50 / p99 ms | idle / peak MiB | ready ms | calls | reads | twice |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|")
	for _, r := range rows {
		fmt.Fprintf(w, "| %s | %s | %.0f | %.0f | %.2f | %.1f / %.1f | %.0f / %.0f | %d | %.1f | %.2f | %d |\n",
			r.program, r.sync, r.flushes, r.perSecond, r.cpu.Seconds(), ms(r.p50), ms(r.p99), r.idle, r.peak,
			r.ready.Milliseconds(), r.calls, r.reads, r.doubles)
	}
	fmt.Fprintln(w)
	for i := range rows {
		for _, r := range rows[i+1:] {
			if d := rows[i]; d.program == "direct" && r.program == "magpie" && d.sync == r.sync {
				fmt.Fprintf(w, "sync %s: magpie / direct = %.2f of the orders/s, %.1f times the CPU, %.1f times the p99\n",
					r.sync, r.perSecond/d.perSecond, float64(r.cpu)/float64(d.cpu), float64(r.p99)/float64(d.p99))
			}
		}
	}
}

func reportBacklog(w io.Writer, p plan, b row) {
	fmt.Fprintf(w, "\n%d orders waiting, GP answers in %s, %d lanes: %.0f orders/s, %.1f calls and %.3f reads of the store an order, %.0f MiB at peak, %d written twice\n",
		p.backlog, p.latency, lanes, b.perSecond, b.calls, b.reads, b.peak, b.doubles)
	fmt.Fprintf(w, "lanes / latency = %.0f calls/s\n", lanes/p.latency.Seconds())
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// freePorts finds n free ports in a row.
func freePorts(n int) (int, error) {
	for range 100 {
		l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		first := l.Addr().(*net.TCPAddr).Port
		_ = l.Close()
		taken := false
		for port := first; port < first+n; port++ {
			l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				taken = true
				break
			}
			_ = l.Close()
		}
		if !taken {
			return first, nil
		}
	}
	return 0, fmt.Errorf("no %d free ports in a row", n)
}
