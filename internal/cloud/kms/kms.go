package kms

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"slipway/internal/cloud/policy"
	"slipway/internal/cloud/query"
)

const target = "TrentService"

// KMS is AWS KMS in one region.
type KMS struct{ service query.Service }

// New returns an adapter. Endpoint is nil for AWS's own.
func New(cfg aws.Config, endpoint *string) *KMS {
	return &KMS{query.New(cfg, endpoint, "kms", "kms")}
}

// Key is a key. That of AWS for a service, such as aws/s3, is not Own: its policy lets everybody use it who may use the
// service.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html
type Key struct {
	ARN   string
	State string
	Own   bool
}

// Key describes a key.
func (k *KMS) Key(ctx context.Context, id string) (Key, error) {
	var out struct {
		KeyMetadata struct{ Arn, KeyState, KeyManager string }
	}
	if err := k.service.JSON(ctx, target, "DescribeKey", map[string]string{"KeyId": id}, &out); err != nil {
		return Key{}, fmt.Errorf("describe key %s: %w", id, err)
	}
	m := out.KeyMetadata
	return Key{m.Arn, m.KeyState, m.KeyManager == "CUSTOMER"}, nil
}

// Access is how a role comes to a key without policies of its own, and whether those count.
type Access struct {
	Named     bool // the key policy or a grant lets the role decrypt
	Delegates bool // the key policy lets the account's own policies decide
}

// Access reads the key policy and, where that does not name the role, its grants. A condition of a statement is taken to
// be met: what the doctor does not know is no fault.
func (k *KMS) Access(ctx context.Context, key, role string) (Access, error) {
	var out struct{ Policy string }
	if err := k.service.JSON(ctx, target, "GetKeyPolicy", map[string]string{"KeyId": key, "PolicyName": "default"}, &out); err != nil {
		return Access{}, fmt.Errorf("read the policy of key %s: %w", key, err)
	}
	a, err := access(out.Policy, role)
	if err != nil || a.Named {
		return a, err
	}
	var grants struct {
		Grants []struct{ Operations []string }
	}
	if err := k.service.JSON(ctx, target, "ListGrants", map[string]string{"KeyId": key, "GranteePrincipal": role}, &grants); err != nil {
		return Access{}, fmt.Errorf("list the grants of key %s: %w", key, err)
	}
	for _, g := range grants.Grants {
		a.Named = a.Named || slices.Contains(g.Operations, "Decrypt")
	}
	return a, nil
}

func access(text, role string) (Access, error) {
	var document policy.Document
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return Access{}, fmt.Errorf("decode the key policy: %w", err)
	}
	var a Access
	account := strings.Join(strings.Split(role+"::::::", ":")[4:5], "")
	for _, s := range document.Statement {
		if !s.Allows() || !slices.ContainsFunc(s.Action, decrypts) {
			continue
		}
		for _, who := range s.Principal.AWS {
			a.Named = a.Named || who == role || who == "*"
			a.Delegates = a.Delegates || who == account || strings.HasSuffix(who, ":iam::"+account+":root")
		}
	}
	return a, nil
}

// decrypts reports whether an action, which may end with a star, stands for kms:Decrypt.
func decrypts(action string) bool {
	action = strings.ToLower(action)
	prefix, star := strings.CutSuffix(action, "*")
	return action == "kms:decrypt" || star && strings.HasPrefix("kms:decrypt", prefix)
}
