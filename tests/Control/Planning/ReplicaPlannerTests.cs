using Crescent.Control.Planning;
using Crescent.Tests.Control.Power;

namespace Crescent.Tests.Control.Planning;

public class ReplicaPlannerTests
{
    // Of one device each; 340 sequences are 0.88 of the promise, 300 are 0.8.
    private static readonly ReplicaShape Replica = new(Profiles.Of(), 1, 1e9);
    private static readonly PlannerBounds Bounds = new() { Fewest = 1, Most = 20, StartSeconds = 60, QuietSeconds = 100, PersonSeconds = 500, MostUp = 4, Headroom = 0.85 };

    private readonly ReplicaPlanner _planner = new(Bounds);
    private double _now;
    private int _replicas = 2;
    private int? _ready;
    private int? _planned;
    private double _budget = double.PositiveInfinity;
    private bool _isOff;

    [Fact]
    public void A_load_that_jumps_is_met_at_once_but_by_so_many_replicas_a_change()
    {
        var plan = Run(3000, 1);
        Assert.Equal((6, 10), (plan.Replicas, plan.Needed));
        Assert.Contains("10 are needed", plan.Why, StringComparison.Ordinal);
        plan = Run(3000, 1);
        Assert.Equal(10, plan.Replicas);
        Assert.Equal(10, Run(3000, 30).Replicas);
    }

    [Fact]
    public void A_load_that_grows_is_met_before_it_is_there()
    {
        var (now, ahead) = (0, 0);
        for (var t = 0; t < 300; t++)
        {
            var plan = Look(100 + (5 * t));
            (now, ahead) = (plan.Needed, plan.Expected);
        }

        Assert.True(ahead > now, $"{ahead} are expected and {now} needed.");
        Assert.True(_replicas >= ahead);
    }

    [Fact]
    public void Replicas_go_one_by_one_once_a_while_has_needed_fewer()
    {
        Run(3000, 40);
        Assert.Equal(10, _replicas);

        // The level has to fall first; then a hundred seconds have to pass.
        Assert.Equal(10, Run(100, 90).Replicas);
        var sizes = new List<int>();
        for (var t = 0; t < 300; t++)
        {
            Look(100);
            sizes.Add(_replicas);
        }

        Assert.Equal(1, _replicas);
        Assert.All(sizes.Zip(sizes.Skip(1)), static pair => Assert.InRange(pair.First - pair.Second, 0, 1));
    }

    [Fact]
    public void A_planner_that_has_just_begun_takes_nothing_away()
    {
        _replicas = 5;
        Assert.Equal(5, Run(10, 99).Replicas);
        Assert.True(Run(10, 10).Replicas < 5);
    }

    [Fact]
    public void Nothing_goes_while_something_is_still_to_come()
    {
        _replicas = 5;
        _ready = 4;
        var plan = Run(10, 200);
        Assert.Equal(5, plan.Replicas);
        Assert.Contains("do not serve yet", plan.Why, StringComparison.Ordinal);
        _ready = null;
        Assert.Equal(4, Look(10).Replicas);
    }

    [Fact]
    public void A_number_that_a_person_has_set_stands_for_a_while()
    {
        Run(3000, 10);
        Assert.Equal(10, _replicas);
        _replicas = 3;
        var plan = Run(3000, 490);
        Assert.Equal(3, plan.Replicas);
        Assert.Contains("somebody else has set 3", plan.Why, StringComparison.Ordinal);
        Run(3000, 20);
        Assert.Equal(10, _replicas);
    }

    [Fact]
    public void The_next_planner_knows_by_what_was_kept_that_a_person_has_set_it()
    {
        (_replicas, _planned) = (3, 10);
        Assert.Equal(3, Look(3000).Replicas);
        (_replicas, _planned) = (3, 3);
        _now = 0;
        Assert.Equal(7, new ReplicaPlanner(Bounds).Plan(View(3000)).Replicas);
    }

    [Fact]
    public void In_a_dry_run_nothing_is_taken_for_a_persons_doing()
    {
        for (var t = 0; t < 20; t++)
        {
            Assert.Equal(6, _planner.Plan(View(3000)).Replicas);
            _now++;
        }
    }

    [Fact]
    public void It_is_off_where_a_person_has_said_so()
    {
        _isOff = true;
        Assert.Equal(2, Run(3000, 10).Replicas);
    }

    [Fact]
    public void Never_more_than_the_power_budget_allows_and_fewer_when_it_falls_whoever_set_them()
    {
        _budget = 200 * 7.5;
        var plan = Run(3000, 10);
        Assert.Equal(7, plan.Replicas);
        Assert.True(plan.Watts <= _budget);
        _replicas = 9;
        Assert.Equal(7, Run(3000, 2).Replicas);
        _budget = 200 * 4;
        plan = Look(3000);
        Assert.Equal(6, plan.Replicas);
        Assert.Contains("power budget", plan.Why, StringComparison.Ordinal);
        Run(3000, 10);
        Assert.Equal(4, _replicas);
    }

    [Fact]
    public void Without_a_device_to_go_by_nothing_changes()
    {
        var plan = _planner.Plan(View(3000) with { Shape = null });
        Assert.Equal(2, plan.Replicas);
    }

    private ReplicaPlan Run(double sequences, int looks)
    {
        ReplicaPlan plan = null!;
        for (var i = 0; i < looks; i++)
        {
            plan = Look(sequences);
        }

        return plan;
    }

    private ReplicaPlan Look(double sequences)
    {
        var plan = _planner.Plan(View(sequences));
        if (plan.Replicas != _replicas)
        {
            _planner.Applied(_replicas = plan.Replicas);
            _planned = null;
        }

        _now++;
        return plan;
    }

    private PlannerView View(double sequences) => new()
    {
        Now = _now,
        DayTime = _now,
        Load = new FleetLoad(sequences, 0, 0),
        Shape = Replica,
        Replicas = _replicas,
        Ready = _ready ?? _replicas,
        Planned = _planned,
        BudgetWatts = _budget,
        IsOff = _isOff,
    };
}
