// Package roles reads the IAM roles of the templates: who assumes each, who has it, and what it may do.
//
// What comes in: templates, with the short forms of intrinsic functions written out. What goes out: the roles, and the page
// of the guide that shows them. A role that nobody describes, or whose kind is not known, is an error: a page that leaves
// out a role is worse than none.
//
// It must never look at the world, and never say of a role what its template does not.
package roles
