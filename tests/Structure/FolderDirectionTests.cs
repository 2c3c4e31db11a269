using System.Text;

namespace Crescent.Tests.Structure;

public sealed class FolderDirectionTests
{
    public static TheoryData<string> Assemblies => [.. FolderOrder.All.Select(order => order.Assembly)];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Arrows_between_the_folders_of_an_assembly_go_one_way(string assembly)
    {
        var order = FolderOrder.All.Single(order => order.Assembly == assembly);
        var back = Back(order, Read(order));

        Assert.True(back.Length == 0, back);
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void The_order_names_every_folder_of_an_assembly_and_no_other(string assembly)
    {
        var order = FolderOrder.All.Single(order => order.Assembly == assembly);

        Assert.Equal(Read(order).Namespaces, order.Folders.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_arrow_back_is_told_with_its_types_and_the_circle_that_it_closes()
    {
        var order = new FolderOrder("Crescent.Tests", "Crescent.Tests.Structure", "Low", "High");
        var arrows = Read(order);

        var told = Back(order, arrows);

        Assert.Contains("Low -> High", told);
        Assert.Contains("Caller uses Called", told);
        Assert.Contains("the circle Low -> High -> Low", told);
        Assert.Contains("High -> Low: Called uses Caller", told);
    }

    private static NamespaceArrows Read(FolderOrder order) => new(Path.Combine(AppContext.BaseDirectory, order.Assembly + ".dll"), order.Root);

    /// <summary>The arrows that go against <paramref name="order"/>, a paragraph each.</summary>
    private static string Back(FolderOrder order, NamespaceArrows arrows)
    {
        var text = new StringBuilder();
        foreach (var (from, to) in arrows.All)
        {
            var (user, used) = (Array.IndexOf(order.Folders, from), Array.IndexOf(order.Folders, to));
            if (user < 0 || used < 0 || used < user)
            {
                continue;
            }

            text.Append($"{from} -> {to}, which stands below it: {string.Join("; ", arrows.Uses(from, to))}");
            if (arrows.Way(to, from) is { } way)
            {
                text.Append($" — the circle {from} -> {string.Join(" -> ", way)}");
                for (var i = 1; i < way.Count; i++)
                {
                    text.Append($"{Environment.NewLine}    {way[i - 1]} -> {way[i]}: {string.Join("; ", arrows.Uses(way[i - 1], way[i]))}");
                }
            }

            text.AppendLine();
        }

        return text.ToString();
    }
}
