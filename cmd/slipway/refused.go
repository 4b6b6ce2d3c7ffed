package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"

	"slipway/internal/cloud/awsconf"
	"slipway/internal/cloud/cloudformation"
)

// refusal is an error that ends a command with exit code 3: AWS was not reached, or said no. Next is what to do about it.
type refusal struct {
	error
	next string
}

// Unwrap returns the error inside.
func (r refusal) Unwrap() error { return r.error }

// advice is what to do after AWS has answered with a code.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
var advice = map[string]string{
	"ExpiredToken":                 expired,
	"ExpiredTokenException":        expired,
	"RequestExpired":               expired,
	"UnrecognizedClientException":  unknownKeys,
	"InvalidClientTokenId":         unknownKeys,
	"InvalidAccessKeyId":           unknownKeys,
	"SignatureDoesNotMatch":        unknownKeys,
	"AuthFailure":                  unknownKeys,
	"AccessDenied":                 denied,
	"AccessDeniedException":        denied,
	"UnauthorizedOperation":        denied,
	"ResourceNotFoundException":    gone,
	"NoSuchBucket":                 gone,
	"QueueDoesNotExist":            gone,
	"PermanentRedirect":            elsewhereBucket,
	"IllegalLocationConstraint":    elsewhereBucket,
	"AuthorizationHeaderMalformed": elsewhereBucket,

	"AWS.SimpleQueueService.NonExistentQueue": gone,

	// Of DynamoDB, for an index that the table does not have.
	"ValidationException": `The stack may be of another release than this command ("slipway version"): deploy this one, or use that one's.`,
}

const (
	expired         = `The credentials have expired: renew them ("aws sso login", or fresh keys) and run the command again.`
	unknownKeys     = `AWS does not know these credentials: "aws sts get-caller-identity" says whose they are; choose others with --profile or AWS_PROFILE.`
	denied          = `The caller may not do that: "aws sts get-caller-identity" says who it is; use another --profile, or ask for the right that is named.`
	gone            = `It is not there: look whether --stack and --region name what you mean, and whether the stack is still deployed.`
	elsewhereBucket = `The bucket is in another region: name that one with --region.`
	noStack         = `Name the stack with --stack or SLIPWAY_STACK ("make deploy ENV=dev" deploys slipway-dev), and its region with --region.`
	noAnswer        = `AWS did not answer: look at the network and at AWS_ENDPOINT_URL. For the local stack, "make up" and "source .local/env".`
	noCredentials   = `Give credentials as for the AWS CLI: "aws configure" or "aws sso login", then --profile or AWS_PROFILE; for the local stack, "source .local/env".`
	asItIs          = `AWS refuses this as it is; its message says why.`
	tryAgain        = `Run the command again in a moment; what was done stays done.`
)

// afterRefusal says what to do after an error of AWS, and whether it is one.
func afterRefusal(err error) (next string, refused bool) {
	var own refusal
	var operation *smithy.OperationError
	var api smithy.APIError
	var network net.Error
	switch {
	case errors.As(err, &own):
		return own.next, true
	case errors.Is(err, cloudformation.ErrNoStack):
		return noStack, true
	case !errors.As(err, &operation):
		return "", false
	case errors.As(err, &api):
		if text, known := advice[api.ErrorCode()]; known {
			return text, true
		}
		if passing(err, api.ErrorCode()) {
			return tryAgain, true
		}
		return asItIs, true
	case errors.As(err, &network):
		return noAnswer, true
	}
	return noCredentials, true
}

// passing reports whether the same call may succeed in a moment: it was throttled, or the fault is AWS's.
func passing(err error, code string) bool {
	_, throttled := retry.DefaultThrottleErrorCodes[code]
	var answer *awshttp.ResponseError
	return throttled || errors.As(err, &answer) && answer.HTTPStatusCode() >= http.StatusInternalServerError
}

// loadConfig reads the configuration of AWS's tools: environment, profile, single sign-on, role.
func loadConfig(ctx context.Context, region, profile string) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithSharedConfigProfile(profile))
	var missing config.SharedConfigProfileNotExistError
	switch {
	case errors.As(err, &missing):
		return aws.Config{}, refusal{fmt.Errorf("there is no profile %s in the configuration of AWS", missing.Profile), `"aws configure list-profiles" says which there are.`}
	case err != nil:
		return aws.Config{}, refusal{fmt.Errorf("read the configuration of AWS: %w", err), noCredentials}
	}
	cfg.HTTPClient = awsconf.OneWrite(cfg.HTTPClient)
	return cfg, nil
}

// usable refuses a configuration that no call can be made with, before one is tried.
func usable(ctx context.Context, cfg aws.Config) error {
	if cfg.Region == "" {
		return refusal{errors.New("no region of AWS is chosen"), "Name it with --region or AWS_REGION."}
	}
	if cfg.Credentials == nil {
		return refusal{errors.New("there are no credentials for AWS"), noCredentials}
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return refusal{fmt.Errorf("there are no credentials for AWS: %w", err), noCredentials}
	}
	return nil
}
