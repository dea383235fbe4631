package main

import (
	"context"
	"fmt"
	"time"

	"github.com/getsentry/sentry-go"
	"github.com/getsentry/sentry-go/attribute"
)

func job() {
	sentry.ConfigureScope(func(scope *sentry.Scope) {
		scope.SetUser(sentry.User{ID: "42", Email: "u42@shop.test"})
		scope.SetContext("cart", sentry.Context{"items": 3})
		scope.AddAttachment(&sentry.Attachment{Filename: "cart.json", ContentType: "application/json", Payload: []byte(`{"items":3}`)})
	})
	sentry.AddBreadcrumb(&sentry.Breadcrumb{Category: "cart", Message: "3 items", Level: sentry.LevelInfo, Data: map[string]any{"items": 3}})

	if err := charge("7"); err != nil {
		say("error", *sentry.CaptureException(err))
	}
	sentry.ConfigureScope(func(scope *sentry.Scope) { scope.ClearAttachments() })
	say("panic", *survive(func() { stock(map[string][]int{}) }))
	sentry.WithScope(func(scope *sentry.Scope) {
		scope.SetLevel(sentry.LevelWarning)
		scope.SetFingerprint([]string{"stock"})
		sentry.CaptureMessage("the stock is low")
	})

	monitor := &sentry.MonitorConfig{Schedule: sentry.CrontabSchedule("0 3 * * *"), MaxRuntime: 5}
	started := sentry.CaptureCheckIn(&sentry.CheckIn{MonitorSlug: "nightly-bill", Status: sentry.CheckInStatusInProgress}, monitor)
	sentry.CaptureCheckIn(&sentry.CheckIn{ID: *started, MonitorSlug: "nightly-bill", Status: sentry.CheckInStatusOK, Duration: 1500 * time.Millisecond}, monitor)

	bill(context.Background())
}

// survive runs something that panics and reports it.
func survive(act func()) (id *sentry.EventID) {
	defer func() {
		id = sentry.CurrentHub().Recover(recover())
	}()
	act()
	return nil
}

func stock(shelves map[string][]int) int {
	return shelves["tea"][0]
}

func bill(ctx context.Context) {
	transaction := sentry.StartTransaction(ctx, "bill", sentry.WithOpName("job"), sentry.WithTransactionSource(sentry.SourceTask))
	query := sentry.StartSpan(transaction.Context(), "db.sql.query", sentry.WithDescription("SELECT * FROM carts"))
	query.SetData("db.system", "postgresql")
	query.Status = sentry.SpanStatusOK
	query.Finish()
	logger := sentry.NewLogger(transaction.Context())
	logger.Warn().Int("cart.items", 3).Emitf("billing %d carts", 3)
	logger.Error().String("cart", "7").Emit("one cart failed")
	meter := sentry.NewMeter(transaction.Context())
	meter.Count("bills", 3, sentry.WithAttributes(attribute.String("kind", "nightly")))
	meter.Distribution("bill.total", 12.9, sentry.WithUnit("euro"))
	say("trace", transaction.TraceID)
	transaction.Status = sentry.SpanStatusOK
	transaction.Finish()
}

func say(name string, value any) {
	fmt.Printf("%s: %v\n", name, value)
}
