package events

import "embed"

// Files are the samples, by file name.
//
//go:embed *.json
var Files embed.FS

// OfClass is the sample of a task that stopped with a class of outcome.
func OfClass(class string) ([]byte, error) {
	return Files.ReadFile("ecs-task-state-change-class-" + class + ".json")
}
