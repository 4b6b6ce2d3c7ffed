package fake

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of tags, in characters.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// tags are the tags of a new task: those of the request, those of the definition that it does not replace, and those
// that ECS adds itself.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html
func (in RunTaskInput) tags(d TaskDefinition) []Tag {
	out := slices.Clone(in.Tags)
	if in.PropagateTags == "TASK_DEFINITION" {
		for _, tag := range d.Tags {
			if !slices.ContainsFunc(in.Tags, func(own Tag) bool { return own.Key == tag.Key }) {
				out = append(out, tag)
			}
		}
	}
	if in.EnableECSManagedTags {
		out = append(out, Tag{Key: "aws:ecs:clusterName", Value: clusterName(in.Cluster)})
		if service, ok := strings.CutPrefix(in.Group, "service:"); ok {
			out = append(out, Tag{Key: "aws:ecs:serviceName", Value: service})
		}
	}
	return out
}

func checkTags(in RunTaskInput, _ TaskDefinition) *ECSError {
	switch {
	case !slices.Contains([]string{"", "NONE", "TASK_DEFINITION"}, in.PropagateTags): // SERVICE is for services alone
		return refuse("InvalidParameterException", "Invalid value for propagateTags: %s.", in.PropagateTags)
	case len(in.Tags) > maxTags:
		return refuse("InvalidParameterException", "Tags can have at most %d elements.", maxTags)
	}
	seen := map[string]bool{}
	for _, tag := range in.Tags {
		switch {
		case tag.Key == "" || utf8.RuneCountInString(tag.Key) > maxTagKey || strings.ContainsFunc(tag.Key, noTag):
			return refuse("InvalidParameterException", "Tag keys must be 1 to %d allowed characters.", maxTagKey)
		case utf8.RuneCountInString(tag.Value) > maxTagValue || strings.ContainsFunc(tag.Value, noTag):
			return refuse("InvalidParameterException", "Tag values must be at most %d allowed characters.", maxTagValue)
		case strings.HasPrefix(strings.ToLower(tag.Key), "aws:"):
			return refuse("InvalidParameterException", "Tag keys must not begin with aws:.")
		case seen[tag.Key]:
			return refuse("InvalidParameterException", "Duplicate tag keys found.")
		}
		seen[tag.Key] = true
	}
	return nil
}

// noTag reports whether a character may not be in a tag.
func noTag(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsSpace(r) && !strings.ContainsRune("+-=._:/@", r)
}
