// Package cost estimates what a month costs on AWS: the work itself, Slipway beside it, and the same work on other ways
// to start containers.
//
// What comes in: counts of a month (objects, scheduled runs, messages), how long each takes on a task of which size, and
// prices. What goes out: bills with a line for each thing that AWS charges for, its quantity and its price.
//
// It must never leave out a charge because it is small, count a free tier, or look at the world: prices are an argument.
// What it does not know, such as the traffic of the containers themselves, is the same on every bill and on none.
package cost
