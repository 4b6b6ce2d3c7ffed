package compatible

import (
	"fmt"
	"slices"
	"strings"
)

// The limits of Fargate's ephemeral storage as a task definition and RunTask take it, in GiB.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EphemeralStorage.html
const (
	MinStorage = 21
	MaxStorage = 200
)

// fargateSizes are the memory sizes in MiB that Fargate takes with each CPU size in ECS units: first, last, step.
// 256 is the exception: 512, 1024 and 2048.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
var fargateSizes = map[int][3]int{
	512: {1024, 4096, 1024}, 1024: {2048, 8192, 1024}, 2048: {4096, 16384, 1024}, 4096: {8192, 30720, 1024},
	8192: {16384, 61440, 4096}, 16384: {32768, 122880, 8192},
}

// FargateCPU lists the CPU sizes of Fargate in ECS units.
func FargateCPU() []int { return []int{256, 512, 1024, 2048, 4096, 8192, 16384} }

// FargateMemory lists the memory sizes in MiB that go with a CPU size, or nothing when there is no such size.
func FargateMemory(cpu int) []int {
	if cpu == 256 {
		return []int{512, 1024, 2048}
	}
	var out []int
	if s, ok := fargateSizes[cpu]; ok {
		for m := s[0]; m <= s[1]; m += s[2] {
			out = append(out, m)
		}
	}
	return out
}

// suitable says which sizes go with a pair that Fargate does not take.
func suitable(cpu, memory int) string {
	sizes := FargateMemory(cpu)
	if len(sizes) == 0 {
		return fmt.Sprintf("take a CPU of %s", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(FargateCPU())), ", "), "[]"))
	}
	i, _ := slices.BinarySearch(sizes, memory)
	near := sizes[min(i, len(sizes)-1)]
	step := ""
	if len(sizes) > 1 {
		step = fmt.Sprintf(" in steps of %d", sizes[len(sizes)-1]-sizes[len(sizes)-2])
	}
	return fmt.Sprintf("with %d CPU units take %d to %d MiB%s, %d for example", cpu, sizes[0], sizes[len(sizes)-1], step, near)
}
