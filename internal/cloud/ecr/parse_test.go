package ecr_test

import (
	"strings"
	"testing"

	"slipway/internal/cloud/ecr"
)

func TestParse(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	for uri, want := range map[string]ecr.Name{
		"111122223333.dkr.ecr.eu-north-1.amazonaws.com/photos":                 {"111122223333", "eu-north-1", "photos", "latest", ""},
		"111122223333.dkr.ecr.eu-north-1.amazonaws.com/a/b:v1.2":               {"111122223333", "eu-north-1", "a/b", "v1.2", ""},
		"111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/photos@" + digest:    {"111122223333", "cn-north-1", "photos", "", digest},
		"111122223333.dkr.ecr.eu-north-1.amazonaws.com/photos:v1@" + digest:    {"111122223333", "eu-north-1", "photos", "v1", digest},
		"public.ecr.aws/nginx/nginx:latest":                                    {},
		"slipway/object-processor:local":                                       {},
		"111122223333.dkr.ecr.eu-north-1.amazonaws.com.evil.example/photos":    {},
		"evil.example/111122223333.dkr.ecr.eu-north-1.amazonaws.com/photos":    {},
		"111122223333.dkr.ecr.eu-north-1.amazonaws.com/photos@sha256:tooshort": {},
	} {
		if got, ok := ecr.Parse(uri); got != want || ok != (want != ecr.Name{}) {
			t.Errorf("%s: got %+v, %v", uri, got, ok)
		}
	}
}
