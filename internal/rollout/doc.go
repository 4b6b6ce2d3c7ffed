// Package rollout works out how a rolling update of an ECS service goes: how many old and new tasks run at each moment,
// how long it takes, and where it can never move.
//
// What comes in: the desired count, the minimum healthy and the maximum percent, how long a task takes to start, to be
// taken for healthy and to drain, and how much room there is for more tasks. What goes out: the steps, the time, and why
// it is stuck when it is.
//
// It must never let fewer tasks serve than the minimum, or hold more tasks than the maximum, and it always comes to an end.
package rollout
