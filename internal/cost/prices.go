package cost

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Item is something that AWS charges for.
type Item string

// The items.
const (
	LambdaRequests     Item = "lambda-requests"
	LambdaSecondsARM   Item = "lambda-gb-seconds-arm64"
	LambdaSecondsX86   Item = "lambda-gb-seconds-x86_64"
	TableWrites        Item = "dynamodb-write-units"
	TableReads         Item = "dynamodb-read-units"
	TableStorage       Item = "dynamodb-gb-months"
	TableBackup        Item = "dynamodb-recovery-gb-months"
	QueueRequests      Item = "sqs-requests"
	ObjectEvents       Item = "eventbridge-s3-events"
	CustomEvents       Item = "eventbridge-custom-events"
	Schedules          Item = "scheduler-invocations"
	Mails              Item = "ses-mails"
	LogBytes           Item = "cloudwatch-logs-gb"
	CustomMetrics      Item = "cloudwatch-metrics"
	Dashboards         Item = "cloudwatch-dashboards"
	Alarms             Item = "cloudwatch-alarms"
	BucketWrites       Item = "s3-put-requests"
	BucketReads        Item = "s3-get-requests"
	CPUHoursARM        Item = "fargate-vcpu-hours-arm64"
	MemoryHoursARM     Item = "fargate-gb-hours-arm64"
	CPUHoursX86        Item = "fargate-vcpu-hours-x86_64"
	MemoryHoursX86     Item = "fargate-gb-hours-x86_64"
	SpotCPUHoursARM    Item = "fargate-spot-vcpu-hours-arm64"
	SpotMemoryARM      Item = "fargate-spot-gb-hours-arm64"
	SpotCPUHoursX86    Item = "fargate-spot-vcpu-hours-x86_64"
	SpotMemoryX86      Item = "fargate-spot-gb-hours-x86_64"
	EphemeralHours     Item = "fargate-ephemeral-gb-hours"
	PublicAddresses    Item = "public-ipv4-hours"
	StateTransitions   Item = "step-functions-transitions"
	million                 = 1e6
	pricesOf                = "us-east-1"
	pricesReadOn            = "2026-11-25"
	spotShareOfRegular      = 0.4 // 50 to 70 % off, as supply and demand have it; AWS's page has the price of the day
)

// Price is what AWS bills for so many of an item, in dollars.
type Price struct {
	Item    Item    `json:"item"`
	Per     float64 `json:"per"`     // how many
	Dollars float64 `json:"dollars"` // for that many
	Page    string  `json:"page"`
}

// Prices are the prices of one region, as they were on a day.
type Prices struct {
	Region string  `json:"region"`
	ReadOn string  `json:"readOn"` // YYYY-MM-DD
	Prices []Price `json:"prices"`
}

// Published returns the prices of us-east-1 without any free tier and without tiers of volume, with the page of AWS that
// has the last word on each.
func Published() Prices {
	const (
		lambda, table, queue = "https://aws.amazon.com/lambda/pricing/", "https://aws.amazon.com/dynamodb/pricing/on-demand/", "https://aws.amazon.com/sqs/pricing/"
		bus, mail, watch     = "https://aws.amazon.com/eventbridge/pricing/", "https://aws.amazon.com/ses/pricing/", "https://aws.amazon.com/cloudwatch/pricing/"
		bucket, fargate      = "https://aws.amazon.com/s3/pricing/", "https://aws.amazon.com/fargate/pricing/"
		vpc, steps           = "https://aws.amazon.com/vpc/pricing/", "https://aws.amazon.com/step-functions/pricing/"
	)
	return Prices{Region: pricesOf, ReadOn: pricesReadOn, Prices: []Price{
		{LambdaRequests, million, 0.20, lambda},
		{LambdaSecondsARM, million, 13.3334, lambda},
		{LambdaSecondsX86, million, 16.6667, lambda},
		{TableWrites, million, 0.625, table},
		{TableReads, million, 0.125, table},
		{TableStorage, 1, 0.25, table},
		{TableBackup, 1, 0.20, table},
		{QueueRequests, million, 0.40, queue},
		{ObjectEvents, million, 1.00, bus},
		{CustomEvents, million, 1.00, bus},
		{Schedules, million, 1.00, bus},
		{Mails, 1000, 0.10, mail},
		{LogBytes, 1, 0.50, watch},
		{CustomMetrics, 1, 0.30, watch},
		{Alarms, 1, 0.10, watch},
		{Dashboards, 1, 3.00, watch},
		{BucketWrites, 1000, 0.005, bucket},
		{BucketReads, 1000, 0.0004, bucket},
		{CPUHoursARM, 1, 0.03238, fargate},
		{MemoryHoursARM, 1, 0.00356, fargate},
		{CPUHoursX86, 1, 0.04048, fargate},
		{MemoryHoursX86, 1, 0.004445, fargate},
		{SpotCPUHoursARM, 1, spotShareOfRegular * 0.03238, fargate},
		{SpotMemoryARM, 1, spotShareOfRegular * 0.00356, fargate},
		{SpotCPUHoursX86, 1, spotShareOfRegular * 0.04048, fargate},
		{SpotMemoryX86, 1, spotShareOfRegular * 0.004445, fargate},
		{EphemeralHours, 1, 0.000111, fargate},
		{PublicAddresses, 1, 0.005, vpc},
		{StateTransitions, 1000, 0.025, steps},
	}}
}

// With returns the prices with those of a JSON document of the same shape in their places, as for another region. An
// item that is not known, a price below zero and an amount of nothing are refused.
func (p Prices) With(document []byte) (Prices, error) {
	var own Prices
	d := json.NewDecoder(strings.NewReader(string(document)))
	d.DisallowUnknownFields()
	if err := d.Decode(&own); err != nil {
		return p, fmt.Errorf("read the prices: %w; --prices-table prints a table to begin with", err)
	}
	out := Prices{Region: own.Region, ReadOn: own.ReadOn, Prices: slices.Clone(p.Prices)}
	for _, o := range own.Prices {
		i := slices.IndexFunc(out.Prices, func(known Price) bool { return known.Item == o.Item })
		switch {
		case i < 0:
			return p, fmt.Errorf("read the prices: there is no item %q; --prices-table lists them", o.Item)
		case o.Dollars < 0 || o.Per <= 0:
			return p, fmt.Errorf("read the prices: %s costs %g for %g; write 0 or more dollars for more than 0", o.Item, o.Dollars, o.Per)
		}
		out.Prices[i] = o
	}
	return out, nil
}

// Of is the price of one of an item, in dollars.
func (p Prices) Of(item Item) float64 {
	for _, known := range p.Prices {
		if known.Item == item {
			return known.Dollars / known.Per
		}
	}
	panic("cost: an item without a price: " + string(item)) // Published has all, and With removes none
}

// FargateHour is the price of an hour of a task on demand, without ephemeral storage beyond what is free.
func (p Prices) FargateHour(vcpus, gb float64, x86 bool) float64 {
	if x86 {
		return vcpus*p.Of(CPUHoursX86) + gb*p.Of(MemoryHoursX86)
	}
	return vcpus*p.Of(CPUHoursARM) + gb*p.Of(MemoryHoursARM)
}
