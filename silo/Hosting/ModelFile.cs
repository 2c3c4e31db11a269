using Crescent.Engine.Model;
using Crescent.Engine.Model.Gguf;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>Opens the model that the settings name.</summary>
internal static class ModelFile
{
    /// <summary>The model that <paramref name="serving"/> names, which its devices can hold.</summary>
    /// <exception cref="StartException">It cannot be used; the message names the file and the fault.</exception>
    public static LanguageModel Open(ServingOptions serving)
    {
        var path = serving.ModelPath;
        LanguageModel? model = null;
        try
        {
            model = LanguageModel.Open(path);
            Devices.CheckFit(serving, model);
            var opened = model;
            model = null;
            return opened;
        }
        catch (InvalidModelException e)
        {
            throw new StartException($"The model cannot be used: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The model {path} cannot be read: {e.Message}", e);
        }
        finally
        {
            model?.Dispose();
        }
    }
}
