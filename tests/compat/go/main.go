// A shop with the official SDK as its registry has it: a job (`shop job`) and a web server (`shop serve`).
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/getsentry/sentry-go"
)

func main() {
	// DSN, release and environment come from SENTRY_DSN, SENTRY_RELEASE and SENTRY_ENVIRONMENT.
	err := sentry.Init(sentry.ClientOptions{
		Debug:            true,
		DebugWriter:      os.Stderr,
		EnableTracing:    true,
		TracesSampleRate: 1,
		ServerName:       "till-1",
		DataCollection:   &sentry.DataCollection{},
		Tags:             map[string]string{"tenant": "acme"},
	})
	if err != nil {
		panic(err)
	}
	switch os.Args[1] {
	case "job":
		job()
	case "serve":
		serve()
	}
	if !sentry.Flush(20 * time.Second) {
		panic("not everything was sent")
	}
}

// ChargeError says which cart cannot be charged.
type ChargeError struct {
	Cart  string
	Cause error
}

func (e *ChargeError) Error() string { return fmt.Sprintf("cart %s cannot be charged", e.Cart) }

func (e *ChargeError) Unwrap() error { return e.Cause }

func charge(cart string) error {
	if _, err := os.Open("/nowhere/" + cart); err != nil {
		return &ChargeError{Cart: cart, Cause: err}
	}
	return nil
}
