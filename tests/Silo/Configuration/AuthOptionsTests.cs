using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Configuration;

namespace Crescent.Tests.Silo.Configuration;

public sealed class AuthOptionsTests
{
    [Theory]
    [InlineData("http://0.0.0.0:8080", false)]
    [InlineData("http://*:8080", false)]
    [InlineData("http://[::]:8080", false)]
    [InlineData("http://192.168.1.5:8080", false)]
    [InlineData("http://factory.example:8080", false)]
    [InlineData("http://127.0.0.1:8080;http://10.0.0.1:8080", false)]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("http://localhost:8080;http://[::1]:8080", true)]
    public void An_address_that_others_reach_needs_auth_or_a_word(string urls, bool local)
    {
        var http = new HttpOptions { Urls = urls };
        if (local)
        {
            new AuthOptions().CheckExposure(Settings.Urls, http.Addresses);
        }
        else
        {
            var refused = Assert.Throws<StartException>(() => new AuthOptions().CheckExposure(Settings.Urls, http.Addresses));
            foreach (var said in new[] { "--urls", "--auth keys", "--insecure", "client key add" })
            {
                Assert.Contains(said, refused.Message, StringComparison.Ordinal);
            }
        }

        new AuthOptions { Insecure = true }.CheckExposure(Settings.Urls, http.Addresses);
        new AuthOptions { Mode = AuthMode.Keys }.CheckExposure(Settings.Urls, http.Addresses);
    }

    [Fact]
    public void All_web_pages_may_call_only_where_somebody_is_asked()
    {
        var any = new HttpOptions { CorsOrigins = "*" };
        Assert.Contains("--cors-origins", Assert.Throws<StartException>(() => new AuthOptions().CheckOrigins(any)).Message, StringComparison.Ordinal);
        new AuthOptions { Mode = AuthMode.Keys }.CheckOrigins(any);
        new AuthOptions().CheckOrigins(new HttpOptions { CorsOrigins = "https://app.example" });
    }

    [Theory]
    [InlineData("Mode", "passwords", "passwords")]
    [InlineData("Keys", "keys.json", "--auth-keys")]
    [InlineData("Terms:Concurrent", "0", "Crescent:Auth:Terms: concurrent is 0; it takes 1 to 1048576")]
    [InlineData("Tenants:acme:JoulesPerHour", "0.1", "Crescent:Auth:Tenants:acme: joules_per_hour is 0.1")]
    public void A_wrong_setting_is_named_with_what_it_takes(string key, string value, string said)
    {
        var fault = Assert.Throws<StartException>(() => AuthOptions.Read(Settings.Load([new($"{AuthOptions.Section}:{key}", value)])));
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Terms_and_flags_are_read_from_the_configuration()
    {
        var options = AuthOptions.Read(Settings.Load(
        [
            new(Settings.Auth.Key, "keys"),
            new(Settings.Insecure.Key, "true"),
            new($"{AuthOptions.Section}:Tenants:acme:RequestsPerMinute", "60"),
            new($"{AuthOptions.Section}:Terms:TokensPerMinute", "1000"),
        ]));
        Assert.Equal((AuthMode.Keys, true), (options.Mode, options.Insecure));
        Assert.Equal(KeyStore.DefaultPath, options.KeyPath);
        Assert.Equal(60, options.Tenants["acme"].RequestsPerMinute);
        Assert.Equal(1000, options.Terms.TokensPerMinute);
    }

    [Theory]
    [InlineData("--insecure")]
    [InlineData("--insecure", "true")]
    public void A_flag_may_stand_alone(params string[] args)
    {
        IReadOnlyDictionary<string, string?>? given = null;
        var command = Crescent.Silo.CommandLine.Create((settings, _) =>
        {
            given = settings;
            return Task.FromResult(0);
        });
        Assert.Equal(0, command.Parse([.. args, "--urls", "http://0.0.0.0:1"]).Invoke());
        Assert.Equal("true", given![Settings.Insecure.Key], ignoreCase: true);
        Assert.Equal("http://0.0.0.0:1", given[Settings.Urls.Key]);
    }
}
