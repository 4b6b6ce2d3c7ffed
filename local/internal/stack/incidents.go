package stack

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"slipway/internal/ledger"
)

// ForgetIncidents removes the incidents that go on, so that the next failure is the first of its kind and is told at
// once.
func (r Record) ForgetIncidents(ctx context.Context) error {
	client, table := dynamodb.NewFromConfig(r.AWS()), aws.String(r.Outputs["RunsTableName"])
	found, err := client.Query(ctx, &dynamodb.QueryInput{
		TableName: table, IndexName: aws.String(ledger.Index), KeyConditionExpression: aws.String("#open = :kind"),
		ExpressionAttributeNames:  map[string]string{"#open": ledger.IndexKey},
		ExpressionAttributeValues: map[string]types.AttributeValue{":kind": &types.AttributeValueMemberS{Value: ledger.OpenIncident}},
	})
	if err != nil {
		return fmt.Errorf("read the open incidents: %w", err)
	}
	for _, it := range found.Items {
		key := map[string]types.AttributeValue{ledger.PartitionKey: it[ledger.PartitionKey], ledger.SortKey: it[ledger.SortKey]}
		if _, err := client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: table, Key: key}); err != nil {
			return fmt.Errorf("remove an incident: %w", err)
		}
	}
	return nil
}
