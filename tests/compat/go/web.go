package main

import (
	"io"
	"net"
	"net/http"
	"os"

	"github.com/getsentry/sentry-go"
	sentryhttp "github.com/getsentry/sentry-go/http"
)

func serve() {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /items", func(w http.ResponseWriter, r *http.Request) {
		span := sentry.StartSpan(r.Context(), "cache.get", sentry.WithDescription("items"))
		sentry.NewLogger(span.Context()).Info().Emit("items were asked for")
		span.Finish()
		io.WriteString(w, `{"items":3}`)
	})
	routes.HandleFunc("POST /carts/{cart}/pay", func(w http.ResponseWriter, r *http.Request) {
		io.ReadAll(r.Body)
		pay(r.PathValue("cart"))
	})
	handler := sentryhttp.New(sentryhttp.Options{Repanic: true})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, recovered(handler.Handle(routes)))
	say("listening", listener.Addr().(*net.TCPAddr).Port)
	io.ReadAll(os.Stdin)
}

func pay(cart string) {
	if err := charge(cart); err != nil {
		panic(err)
	}
}

// recovered answers what a handler panicked about.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
