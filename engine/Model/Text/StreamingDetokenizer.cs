namespace Crescent.Engine.Model.Text;
/// <summary>Turns the tokens of one sequence into text as they come.</summary>
public sealed class StreamingDetokenizer(Tokenizer tokenizer)
{
    public string Append(int token) => tokenizer.Decode([token]);
    public string Flush() => tokenizer.Decode([]);
}
