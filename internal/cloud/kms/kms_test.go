package kms

import "testing"

func TestWhomAKeyPolicyLetsDecrypt(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/task"
	for name, tc := range map[string]struct {
		policy string
		want   Access
	}{
		"the account decides, as it is made":   {`{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}}`, Access{Delegates: true}},
		"the role is named":                    {`{"Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:role/a","` + role + `"]},"Action":["kms:Encrypt","kms:Decrypt"]}]}`, Access{Named: true}},
		"the role is named for something else": {`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"kms:Encrypt"}]}`, Access{}},
		"a longer star":                        {`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"kms:De*"}]}`, Access{Named: true}},
		"everybody":                            {`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt"}]}`, Access{Named: true}},
		"another account":                      {`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"kms:*"}]}`, Access{}},
		"a service":                            {`{"Statement":[{"Effect":"Allow","Principal":{"Service":"logs.amazonaws.com"},"Action":"kms:*"}]}`, Access{}},
		"it is denied":                         {`{"Statement":[{"Effect":"Deny","Principal":{"AWS":"` + role + `"},"Action":"kms:*"}]}`, Access{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := access(tc.policy, role)
			if err != nil || got != tc.want {
				t.Errorf("access = %+v, %v, want %+v", got, err, tc.want)
			}
		})
	}
}
