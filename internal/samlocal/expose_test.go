package samlocal

import "testing"

func TestTheGatewayIsNeverEveryAddress(t *testing.T) {
	for name, tc := range map[string]struct {
		config, want string
		ok           bool
	}{
		"named":                 {`{"Subnet":"172.17.0.0/16","Gateway":"172.17.0.1"}`, "172.17.0.1", true},
		"a network just made":   {`{"Subnet":"172.18.0.0/16"}`, "172.18.0.1", true},
		"an odd subnet":         {`{"Subnet":"10.1.2.129/25","Gateway":""}`, "10.1.2.129", true},
		"neither":               {`{}`, "", false},
		"no answer of Docker":   {``, "", false},
		"a subnet that is none": {`{"Subnet":"bridge"}`, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := gateway([]byte(tc.config))
			if got != tc.want || (err == nil) != tc.ok {
				t.Errorf("gateway = %q, %v, want %q", got, err, tc.want)
			}
		})
	}
}
