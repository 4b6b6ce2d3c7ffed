package main

import (
	"bytes"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/tasks/internal/container"
)

// s3Store reads any bucket and writes to one.
type s3Store struct {
	client *s3.Client
	bucket string // that it writes to
}

func (t *s3Store) open(ctx context.Context, s source) (object, error) {
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &s.key}
	if s.version != "" {
		in.VersionId = &s.version
	}
	out, err := t.client.GetObject(ctx, in)
	if err != nil {
		return object{}, container.Explain(err)
	}
	return object{
		body: out.Body, version: aws.ToString(out.VersionId), etag: aws.ToString(out.ETag),
		contentType: aws.ToString(out.ContentType), modifiedAt: aws.ToTime(out.LastModified).UTC(),
	}, nil
}

func (t *s3Store) put(ctx context.Context, key, contentType string, content []byte) error {
	_, err := t.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &t.bucket, Key: &key, ContentType: &contentType, Body: bytes.NewReader(content),
	})
	return container.Explain(err)
}
