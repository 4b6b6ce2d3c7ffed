package topic

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// Subscribers are the mail addresses of a topic.
type Subscribers struct{ Confirmed, Pending []string }

// pending stands for the ARN of a subscription that waits for its confirmation.
// https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
const pending = "PendingConfirmation"

// Read lists the subscribers of a topic. Found is false when there is no such topic. Endpoint is nil for AWS's own.
func Read(ctx context.Context, cfg aws.Config, endpoint *string, arn string) (s Subscribers, found bool, err error) {
	client := sns.NewFromConfig(cfg, func(o *sns.Options) { o.BaseEndpoint = endpoint })
	pages := sns.NewListSubscriptionsByTopicPaginator(client, &sns.ListSubscriptionsByTopicInput{TopicArn: &arn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var gone *types.NotFoundException
		if errors.As(err, &gone) {
			return s, false, nil
		}
		if err != nil {
			return s, false, fmt.Errorf("list the subscriptions of topic %s: %w", arn, err)
		}
		for _, sub := range page.Subscriptions {
			switch address := aws.ToString(sub.Endpoint); {
			case aws.ToString(sub.Protocol) != "email":
			case aws.ToString(sub.SubscriptionArn) == pending:
				s.Pending = append(s.Pending, address)
			default:
				s.Confirmed = append(s.Confirmed, address)
			}
		}
	}
	return s, true, nil
}
