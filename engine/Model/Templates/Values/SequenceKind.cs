namespace Crescent.Engine.Model.Templates.Values;

/// <summary>Which of Python's ordered collections a <see cref="Sequence"/> stands for.</summary>
internal enum SequenceKind
{
    List,
    Tuple,
    Range,
    Keys,
    Values,
    Items,

    /// <summary>What lazy filters give: always true, and without a length.</summary>
    Generator,
}
