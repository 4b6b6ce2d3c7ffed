package ecr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// Name is an image in a registry of ECR.
type Name struct{ Account, Region, Repository, Tag, Digest string }

var inECR = regexp.MustCompile(`^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9._/-]+?)(?::([A-Za-z0-9_.-]+))?(?:@(sha256:[0-9a-f]{64}))?$`)

// Parse reads the URI of an image. Ok is false when it is not in a private registry of ECR.
func Parse(uri string) (n Name, ok bool) {
	m := inECR.FindStringSubmatch(uri)
	if m == nil {
		return n, false
	}
	n = Name{m[1], m[2], m[3], m[4], m[5]}
	if n.Tag == "" && n.Digest == "" {
		n.Tag = "latest"
	}
	return n, true
}

// ids are the image as ECR's operations take it: by its digest where it has one.
func (n Name) ids() []map[string]string {
	if n.Digest != "" {
		return []map[string]string{{"imageDigest": n.Digest}}
	}
	return []map[string]string{{"imageTag": n.Tag}}
}

// manifests are the types of manifests that are asked for.
func manifests() []string {
	return []string{
		"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
		"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
	}
}

// Architectures are those that an image is built for. Found is false when the repository or the image is not there. An
// image whose manifest says nothing has none.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html
func (e *ECR) Architectures(ctx context.Context, n Name) (architectures []string, found bool, err error) {
	in := map[string]any{"registryId": n.Account, "repositoryName": n.Repository, "imageIds": n.ids(), "acceptedMediaTypes": manifests()}
	var out struct {
		Images []struct{ ImageManifest string }
	}
	err = e.service.JSON(ctx, target, "BatchGetImage", in, &out)
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "RepositoryNotFoundException" {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the manifest of image %s in ECR: %w", n.Repository, err)
	}
	if len(out.Images) == 0 {
		return nil, false, nil
	}
	architectures, err = e.within(ctx, n, out.Images[0].ImageManifest)
	return architectures, true, err
}

type platform struct{ Architecture, OS string }

func (e *ECR) within(ctx context.Context, n Name, manifest string) ([]string, error) {
	var m struct {
		Manifests []struct{ Platform platform }
		Config    struct{ Digest string }
	}
	if err := json.Unmarshal([]byte(manifest), &m); err != nil {
		return nil, fmt.Errorf("decode the manifest of image %s: %w", n.Repository, err)
	}
	var all []string
	for _, one := range m.Manifests {
		if a := one.Platform.Architecture; a != "" && a != "unknown" { // attestations are of an unknown platform
			all = append(all, a)
		}
	}
	if len(all) > 0 || m.Config.Digest == "" {
		slices.Sort(all)
		return slices.Compact(all), nil
	}
	one, err := e.config(ctx, n, m.Config.Digest)
	if err != nil || one == "" {
		return nil, err
	}
	return []string{one}, nil
}

const maxConfig = 1 << 20

// config reads the architecture from the configuration of an image, which the registry keeps as it keeps layers.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetDownloadUrlForLayer.html
func (e *ECR) config(ctx context.Context, n Name, digest string) (string, error) {
	var out struct{ DownloadURL string }
	in := map[string]string{"registryId": n.Account, "repositoryName": n.Repository, "layerDigest": digest}
	if err := e.service.JSON(ctx, target, "GetDownloadUrlForLayer", in, &out); err != nil {
		return "", fmt.Errorf("find the configuration of image %s: %w", n.Repository, err)
	}
	failed := fmt.Errorf("read the configuration of image %s: it cannot be downloaded", n.Repository) //nolint:err113 // for a person, and without the signed address
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, out.DownloadURL, http.NoBody)
	if err != nil {
		return "", failed
	}
	client := e.service.Config.HTTPClient
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", failed
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxConfig))
	var p platform
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(text, &p) != nil {
		return "", failed
	}
	return strings.ToLower(p.Architecture), nil
}
