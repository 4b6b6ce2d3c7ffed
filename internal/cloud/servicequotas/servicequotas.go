package servicequotas

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/internal/cloud/query"
)

// Quotas are those of an account in one region.
type Quotas struct{ service query.Service }

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *Quotas {
	return &Quotas{query.New(cfg, endpoint, "servicequotas", "servicequotas")}
}

// Value is the value of a quota, as it is for this account.
// https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
func (q *Quotas) Value(ctx context.Context, service, code string) (float64, error) {
	var out struct{ Quota struct{ Value *float64 } }
	if err := q.service.JSON(ctx, "ServiceQuotasV20190624", "GetServiceQuota", map[string]string{"ServiceCode": service, "QuotaCode": code}, &out); err != nil {
		return 0, fmt.Errorf("read quota %s of %s: %w", code, service, err)
	}
	if out.Quota.Value == nil {
		return 0, fmt.Errorf("read quota %s of %s: the answer has no value", code, service) //nolint:err113 // for a person
	}
	return *out.Quota.Value, nil
}
