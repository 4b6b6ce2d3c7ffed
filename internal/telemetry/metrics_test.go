package telemetry_test

import (
	"bytes"
	"testing"
	"time"

	"slipway/internal/telemetry"
)

func TestEmit(t *testing.T) {
	var out bytes.Buffer
	m := telemetry.NewMetrics(&out, "example", func() time.Time { return time.UnixMilli(1772366400123) })
	m.Emit("Job", "images", map[telemetry.Metric]int{telemetry.RunsStarted: 3, telemetry.RunsDuplicate: 1, "DelaySeconds": 2})
	m.Emit("Job", "images", nil)
	want := `{"DelaySeconds":2,"Job":"images","RunsDuplicate":1,"RunsStarted":3,"Stack":"example","_aws":{` +
		`"CloudWatchMetrics":[{"Dimensions":[["Stack","Job"]],"Metrics":[{"Name":"DelaySeconds","Unit":"Seconds"},` +
		`{"Name":"RunsDuplicate","Unit":"Count"},{"Name":"RunsStarted","Unit":"Count"}],"Namespace":"Slipway"}],` +
		`"Timestamp":1772366400123}}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("wrote %s\nwant  %s", got, want)
	}
}
