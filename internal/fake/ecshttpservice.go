package fake

func (e *ECS) httpDescribeTaskDefinition(body []byte) (any, error) {
	var in struct{ TaskDefinition string }
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	d, err := e.DescribeTaskDefinition(in.TaskDefinition)
	if err != nil {
		return nil, err
	}
	return map[string]any{"taskDefinition": d}, nil
}

// shownService is a service as DescribeServices shows it.
type shownService struct {
	ServiceArn   string            `json:"serviceArn"`
	ServiceName  string            `json:"serviceName"`
	ClusterArn   string            `json:"clusterArn"`
	Status       string            `json:"status"`
	DesiredCount int               `json:"desiredCount"`
	RunningCount int               `json:"runningCount"`
	PendingCount int               `json:"pendingCount"`
	Deployments  []shownDeployment `json:"deployments"`
	Events       []ServiceEvent    `json:"events"`
}

type shownDeployment struct {
	ID             string `json:"id"`
	Status         string `json:"status"`
	TaskDefinition string `json:"taskDefinition"`
	DesiredCount   int    `json:"desiredCount"`
	RunningCount   int    `json:"runningCount"`
	PendingCount   int    `json:"pendingCount"`
	RolloutState   string `json:"rolloutState"`
}

func (e *ECS) show(s ServiceState) shownService {
	rollout := "IN_PROGRESS"
	if s.RunningOf[s.Deployment] >= s.Desired {
		rollout = "COMPLETED"
	}
	return shownService{
		ServiceArn: e.arn("service/" + clusterName(s.Cluster) + "/" + s.Name), ServiceName: s.Name, Status: "ACTIVE",
		ClusterArn: e.arn("cluster/" + clusterName(s.Cluster)), DesiredCount: s.Desired, RunningCount: s.Running, PendingCount: s.Pending,
		Deployments: []shownDeployment{{
			ID: s.Deployment, Status: "PRIMARY", TaskDefinition: s.Definition.TaskDefinitionArn, DesiredCount: s.Desired,
			RunningCount: s.RunningOf[s.Deployment], PendingCount: s.PendingOf[s.Deployment], RolloutState: rollout,
		}},
		Events: s.Events,
	}
}

// servicesAtOnce is how many services DescribeServices takes.
const servicesAtOnce = 10

func (e *ECS) httpDescribeServices(body []byte) (any, error) {
	var in struct {
		Cluster  string
		Services []string
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	if f := e.Faulty("DescribeServices"); f.Error != nil {
		return nil, f.Error
	}
	if len(in.Services) == 0 || len(in.Services) > servicesAtOnce {
		return nil, refuse("InvalidParameterException", "Services must have between 1 and %d elements.", servicesAtOnce)
	}
	if _, err := e.clusterProviders(clusterName(in.Cluster)); err != nil {
		return nil, err
	}
	shown, failures := []shownService{}, []Failure{}
	for _, name := range in.Services {
		s, ok := e.Service(in.Cluster, name)
		if !ok {
			arn := e.arn("service/" + serviceKey(in.Cluster, name))
			failures = append(failures, Failure{Arn: &arn, Reason: "MISSING"})
			continue
		}
		shown = append(shown, e.show(s))
	}
	return map[string]any{"services": shown, "failures": failures}, nil
}

func (e *ECS) httpUpdateService(body []byte) (any, error) {
	var in struct {
		Cluster, Service string
		DesiredCount     *int
	}
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	if in.DesiredCount == nil {
		return nil, refuse("UnsupportedFeatureException", "this fake changes desiredCount and nothing else")
	}
	if err := e.SetDesired(in.Cluster, in.Service, *in.DesiredCount); err != nil {
		return nil, err
	}
	s, _ := e.Service(in.Cluster, in.Service)
	return map[string]any{"service": e.show(s)}, nil
}
