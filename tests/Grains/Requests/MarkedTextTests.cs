using Crescent.Grains.Requests;

namespace Crescent.Tests.Grains.Requests;

/// <summary>Where marks stand whose tokens have no text, in chunks of several tokens.</summary>
public sealed class MarkedTextTests
{
    [Theory]
    [InlineData("Done.assistantfinal", "assistantfinal", "Done.<e><s>assistant<c>final<m>")]
    [InlineData("Done.assistantfinalYes", "assistantfinalYes", "Done.<e><s>assistant<c>final<m>Yes")]
    [InlineData("Done.assistantfinal", "assistantfinal\uFFFD", "Done.<e><s>assistant<c>final<m>")]
    [InlineData("Done.assistantfinal", "assistantfinalSTO", "Done.<e><s>assistant<c>final<m>")]
    [InlineData("Done.", "assistantfinal", "Done.<e><s><c><m>")]
    public void Marks_stand_where_their_tokens_do_though_the_end_is_held_back(string text, string behind, string expected) =>
        Assert.Equal(expected, MarkedText.Of(text, [(0, "<e>"), (0, "<s>"), (9, "<c>"), (14, "<m>")], behind));
}
