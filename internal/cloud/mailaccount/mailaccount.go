package mailaccount

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
)

// Account is the sending of an account in one region.
type Account struct{ client *sesv2.Client }

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *Account {
	return &Account{sesv2.NewFromConfig(cfg, func(o *sesv2.Options) { o.BaseEndpoint = endpoint })}
}

// State reports whether SES is in its sandbox, and whether it may send at all.
func (a *Account) State(ctx context.Context) (sandbox, sends bool, err error) {
	out, err := a.client.GetAccount(ctx, &sesv2.GetAccountInput{})
	if err != nil {
		return false, false, fmt.Errorf("read the account of SES: %w", err)
	}
	return !out.ProductionAccessEnabled, out.SendingEnabled, nil
}

// Verified reports whether an address or a domain is a verified identity. One that is none is not.
func (a *Account) Verified(ctx context.Context, identity string) (bool, error) {
	out, err := a.client.GetEmailIdentity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: &identity})
	var none *types.NotFoundException
	if errors.As(err, &none) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read identity %s of SES: %w", identity, err)
	}
	return out.VerifiedForSendingStatus, nil
}
