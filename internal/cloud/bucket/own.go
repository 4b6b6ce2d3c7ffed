package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Standing is how a bucket stands to an account.
type Standing string

// The values of Standing. S3 tells of another account's bucket and of a missing right with the same answer.
const (
	Owned     Standing = "owned"
	Missing   Standing = "missing"
	Forbidden Standing = "forbidden"
	Elsewhere Standing = "elsewhere" // in another region
)

// Standing asks S3 whether the bucket belongs to an account and is in the region of the client.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
func (b *Bucket) Standing(ctx context.Context, account string) (Standing, error) {
	_, err := b.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &b.name, ExpectedBucketOwner: &account})
	var answer *smithyhttp.ResponseError
	switch {
	case err == nil:
		return Owned, nil
	case !errors.As(err, &answer):
	case answer.HTTPStatusCode() == http.StatusNotFound:
		return Missing, nil
	case answer.HTTPStatusCode() == http.StatusForbidden:
		return Forbidden, nil
	case answer.HTTPStatusCode() == http.StatusMovedPermanently:
		return Elsewhere, nil
	}
	return "", fmt.Errorf("look for bucket %s: %w", b.name, err)
}

// Empty deletes every version of every object whose key begins with prefix. A bucket that is gone is no error.
func (b *Bucket) Empty(ctx context.Context, prefix string) error {
	pages := s3.NewListObjectVersionsPaginator(b.client, &s3.ListObjectVersionsInput{Bucket: &b.name, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if gone(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list bucket %s: %w", b.name, err)
		}
		if err := b.deleteAll(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

// Holds reports whether the bucket has any version of an object, or a delete marker. One that is gone holds nothing.
func (b *Bucket) Holds(ctx context.Context) (bool, error) {
	out, err := b.client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &b.name, MaxKeys: aws.Int32(1)})
	if gone(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("list bucket %s: %w", b.name, err)
	}
	return len(out.Versions)+len(out.DeleteMarkers) > 0, nil
}

// Remove deletes the bucket, which must be empty. One that is gone already is no error.
func (b *Bucket) Remove(ctx context.Context) error {
	_, err := b.client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &b.name})
	if err != nil && !gone(err) {
		return fmt.Errorf("delete bucket %s: %w", b.name, err)
	}
	return nil
}

// deleteAll deletes what a page lists, which is as much as one call takes.
func (b *Bucket) deleteAll(ctx context.Context, page *s3.ListObjectVersionsOutput) error {
	var objects []types.ObjectIdentifier
	for _, v := range page.Versions {
		objects = append(objects, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
	}
	for _, m := range page.DeleteMarkers {
		objects = append(objects, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
	}
	if len(objects) == 0 {
		return nil
	}
	out, err := b.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &b.name, Delete: &types.Delete{Objects: objects}})
	if err != nil {
		return fmt.Errorf("empty bucket %s: %w", b.name, err)
	}
	for _, e := range out.Errors {
		return fmt.Errorf("empty bucket %s: %s: %s", b.name, aws.ToString(e.Key), aws.ToString(e.Code))
	}
	return nil
}

func gone(err error) bool {
	var answer *smithyhttp.ResponseError
	return errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusNotFound
}
