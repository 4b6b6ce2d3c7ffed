package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/cloud/cloudformation"
	"slipway/internal/cloud/ecr"
)

// images makes the repositories, builds the images that are not there yet, and returns the parameters that name them
// by digest.
func (e *environment) images(ctx context.Context) ([]string, error) {
	if !e.pushes() {
		return nil, nil
	}
	if err := e.sam(ctx, filepath.Join("templates", "images.yaml"), e.imagesStack(), []string{"Environment=" + e.name}); err != nil {
		return nil, err
	}
	outputs, err := cloudformation.New(e.cfg, e.endpoint("CLOUDFORMATION")).Outputs(ctx, e.imagesStack())
	if err != nil {
		return nil, err
	}
	registry := ecr.New(e.cfg, e.endpoint("ECR"))
	user, password, err := registry.Login(ctx)
	if err != nil {
		return nil, err
	}
	host, _, _ := strings.Cut(outputs[referenceTasks[0].output], "/")
	// The password is not an argument: those of every program can be read by everybody on the machine.
	_, err = e.program(ctx, command{args: []string{"docker", "login", "--username", user, "--password-stdin", host}, in: strings.NewReader(password)})
	if err != nil {
		return nil, err
	}
	var parameters []string
	for _, r := range referenceTasks {
		if given, _ := e.settings.Value(r.parameter); given != "" {
			continue
		}
		uri := outputs[r.output]
		digest, err := e.image(ctx, registry, r.folder, uri)
		if err != nil {
			return nil, err
		}
		parameters = append(parameters, r.parameter+"="+uri+"@"+digest)
	}
	return parameters, nil
}

// image returns the digest of a reference task's image. Its tag is made of what is in it, so that what has not changed
// is not pushed again: tags are immutable.
func (e *environment) image(ctx context.Context, registry *ecr.ECR, name, uri string) (string, error) {
	folder := filepath.Join(e.source, ".aws-sam", "images-"+e.name, name)
	binary := filepath.Join(folder, name)
	out, err := filepath.Abs(binary)
	if err != nil {
		return "", fmt.Errorf("find the folder of image %s: %w", name, err)
	}
	_, err = e.program(ctx, command{
		args: []string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, "./tasks/" + name},
		env:  []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + e.goarch()}, show: e.err,
	})
	if err != nil {
		return "", err
	}
	dockerfile := filepath.Join(e.source, "tasks", name, "Dockerfile")
	tag, err := contentTag(binary, dockerfile)
	if err != nil {
		return "", err
	}
	_, repository, _ := strings.Cut(uri, "/")
	digest, err := registry.Digest(ctx, repository, tag)
	if digest != "" || err != nil {
		return digest, err
	}
	image := uri + ":" + tag
	for _, args := range [][]string{
		{"docker", "build", "--platform", "linux/" + e.goarch(), "--file", filepath.Join("tasks", name, "Dockerfile"), "--tag", image, out[:len(out)-len(name)]},
		{"docker", "push", image},
	} {
		if _, err := e.program(ctx, command{args: args, show: e.err}); err != nil {
			return "", err
		}
	}
	return e.pushed(ctx, image, uri)
}

// pushed is the digest that the registry gave an image.
func (e *environment) pushed(ctx context.Context, image, uri string) (string, error) {
	text, err := e.program(ctx, command{args: []string{"docker", "image", "inspect", "--format", "{{json .RepoDigests}}", image}})
	if err != nil {
		return "", err
	}
	var digests []string
	if err := json.Unmarshal([]byte(text), &digests); err != nil {
		return "", fmt.Errorf("read the digests of %s: %w", image, err)
	}
	for _, d := range digests {
		if digest, ok := strings.CutPrefix(d, uri+"@"); ok {
			return digest, nil
		}
	}
	return "", fmt.Errorf("docker names no digest of %s in %s: push it again", image, uri)
}

// contentTag names an image by what it is built from.
func contentTag(files ...string) (string, error) {
	sum := sha256.New()
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // what was built, and what it is built by
		if err != nil {
			return "", fmt.Errorf("read what the image is built from: %w", err)
		}
		_, _ = fmt.Fprintf(sum, "%d\n", len(text))
		_, _ = sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}
