package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/local/internal/picture"
	"slipway/local/internal/stack"
)

// object is one upload, and what must become of it.
type object struct {
	key    string
	kind   kind
	format picture.Format
	width  int
	height int

	content    []byte
	uploadedAt time.Time
}

type kind int

const (
	good     kind = iota // a picture
	corrupt              // a picture that is cut off
	unwanted             // nothing that any job wants
)

func (o object) sha256() string {
	sum := sha256.Sum256(o.content)
	return hex.EncodeToString(sum[:])
}

// uploads are the objects of one demonstration. Its name is part of each key, so that a stack with a history has never
// seen them.
func uploads(name string) ([]object, error) {
	in := "incoming/" + name + "/"
	objects := []object{
		{key: in + "plain.png", format: picture.PNG, width: 640, height: 480},
		{key: in + "with spaces and a + sign.jpg", format: picture.JPEG, width: 800, height: 600},
		{key: in + "100%25 %2F not decoded.gif", format: picture.GIF, width: 320, height: 200},
		{key: in + "Größe/Ελλάδα/žluťoučký.png", format: picture.PNG, width: 300, height: 500},
		{key: in + "a/very/deep/folder/of/2026/11/24/x=1&y=2/photo.jpg", format: picture.JPEG, width: 1024, height: 256},
		{key: in + "broken picture+50%.png", kind: corrupt, format: picture.PNG},
		{key: "elsewhere/" + name + "/notes.txt", kind: unwanted, content: []byte("No job wants this.\n")},
	}
	for i := range objects {
		var err error
		switch o := &objects[i]; o.kind {
		case good:
			o.content, err = picture.Make(o.format, o.width, o.height, uint8(i))
		case corrupt:
			o.content, err = picture.Corrupt(o.format, uint8(i))
		case unwanted:
		}
		if err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// upload stores the objects and notes when.
func upload(ctx context.Context, r stack.Record, objects []object) error {
	client := r.S3()
	for i := range objects {
		o := &objects[i]
		o.uploadedAt = time.Now()
		_, err := client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String(r.Outputs["UploadsBucketName"]), Key: &o.key, Body: bytes.NewReader(o.content),
		})
		if err != nil {
			return fmt.Errorf("upload %s: %w", o.key, err)
		}
	}
	return nil
}
