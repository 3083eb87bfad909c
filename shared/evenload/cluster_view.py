"""What the owner of a cluster node sets before `start` and reads afterwards, wherever in the node it lives.

Settings: `cluster_id` (0 .. 15), `stagger_ms`, `rto_ms`, and what the first plan says until an operator wants
something else: `demand_10w`, `cap_percent`, `supply_ck` (0.01 K), `policy`. Columns by source, equal on every node:
`rated_10w`, load `rank`, `cost_linear`, `cost_cubic`. To read: `role`, `term`, `voted_for`, `floor`, `ceiling`,
`leader`, `leader_heard_ms`, `lease_until_ms`, `applied_10w`, `target_10w`, `basis`, `is_silent`.
"""


class ClusterView:
    """The attributes of `Cluster` that its parts keep."""

    @property
    def cluster_id(self):
        return self.post.cluster_id

    @cluster_id.setter
    def cluster_id(self, value):
        self.post.cluster_id = value

    @property
    def stagger_ms(self):
        return self.election.stagger_ms

    @stagger_ms.setter
    def stagger_ms(self, value):
        self.election.stagger_ms = value

    @property
    def rto_ms(self):
        return self.election.rto_ms

    @rto_ms.setter
    def rto_ms(self, value):
        self.election.rto_ms = value

    @property
    def demand_10w(self):
        return self.planner.demand_10w

    @demand_10w.setter
    def demand_10w(self, value):
        self.planner.demand_10w = value

    @property
    def cap_percent(self):
        return self.planner.cap_percent

    @cap_percent.setter
    def cap_percent(self, value):
        self.planner.cap_percent = value

    @property
    def supply_ck(self):
        return self.planner.supply_ck

    @supply_ck.setter
    def supply_ck(self, value):
        self.planner.supply_ck = value

    @property
    def policy(self):
        return self.planner.policy

    @policy.setter
    def policy(self, value):
        self.planner.policy = value

    @property
    def rated_10w(self):
        return self.roster.rated_10w

    @property
    def rank(self):
        return self.roster.rank

    @property
    def cost_linear(self):
        return self.roster.cost_linear

    @property
    def cost_cubic(self):
        return self.roster.cost_cubic

    @property
    def role(self):
        return self.election.role

    @property
    def leader(self):
        return self.election.leader

    @property
    def leader_heard_ms(self):
        return self.election.leader_heard_ms

    @property
    def lease_until_ms(self):
        return self.lease.until_ms

    @property
    def applied_10w(self):
        return self.cover.applied_10w

    @property
    def target_10w(self):
        return self.cover.target_10w

    @property
    def basis(self):
        return self.cover.basis

    @property
    def is_silent(self):
        return self.post.is_silent

    @property
    def term(self):
        return self.election.ballot.term

    @property
    def voted_for(self):
        return self.election.ballot.voted_for

    @property
    def floor(self):
        return self.election.ballot.floor

    @property
    def ceiling(self):
        return self.election.ballot.ceiling

    @property
    def can_vote(self):
        return self.election.ballot.can_vote
