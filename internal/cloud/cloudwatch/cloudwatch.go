package cloudwatch

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/internal/cloud/query"
)

const version = "2010-08-01"

// CloudWatch is Amazon CloudWatch in one region.
type CloudWatch struct{ service query.Service }

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *CloudWatch {
	return &CloudWatch{query.New(cfg, endpoint, "monitoring", "monitoring")}
}

// Alarm is an alarm on a metric.
type Alarm struct {
	Name    string `xml:"AlarmName"`
	Says    string `xml:"AlarmDescription"`
	State   string `xml:"StateValue"`
	Actions *bool  `xml:"ActionsEnabled"` // nil: nothing is said
}

// atOnce is how many alarms one answer describes.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
const atOnce = 100

// Alarms are those of the names that exist.
func (c *CloudWatch) Alarms(ctx context.Context, names []string) ([]Alarm, error) {
	var all []Alarm
	for part := range slices.Chunk(names, atOnce) {
		in := map[string]string{"MaxRecords": strconv.Itoa(atOnce)}
		for i, name := range part {
			in["AlarmNames.member."+strconv.Itoa(i+1)] = name
		}
		var out struct {
			Alarms []Alarm `xml:"DescribeAlarmsResult>MetricAlarms>member"`
		}
		if err := c.service.Query(ctx, "DescribeAlarms", version, in, &out); err != nil {
			return nil, fmt.Errorf("describe the alarms: %w", err)
		}
		all = append(all, out.Alarms...)
	}
	return all, nil
}

// Calls is how often a function was called between two times.
func (c *CloudWatch) Calls(ctx context.Context, function string, from, to time.Time) (int, error) {
	var out struct {
		Sums []float64 `xml:"GetMetricStatisticsResult>Datapoints>member>Sum"`
	}
	err := c.service.Query(ctx, "GetMetricStatistics", version, map[string]string{
		"Namespace": "AWS/Lambda", "MetricName": "Invocations", "Statistics.member.1": "Sum", "Period": "60",
		"Dimensions.member.1.Name": "FunctionName", "Dimensions.member.1.Value": function,
		"StartTime": from.UTC().Format(time.RFC3339), "EndTime": to.UTC().Format(time.RFC3339),
	}, &out)
	if err != nil {
		return 0, fmt.Errorf("count the calls of function %s: %w", function, err)
	}
	n := 0.0
	for _, sum := range out.Sums {
		n += sum
	}
	return int(n), nil
}
