"""What others serve at the console's own address cannot reach the console."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page, expect
from tests.consoles import Served
from tests.endpoints import LAMBDA_TRUST, zipped

# A function whose page tries what a script of the same origin could do.
CODE: Final = '''
PAGE = """<!doctype html><title>waiting</title><p>hello</p><script>
const told = [];
async function tries(name, deed) {
  try { told.push(name + " " + await deed()); } catch (error) { told.push(name + " failed"); }
}
(async () => {
  await tries("read", async () => (await fetch("/_clearance/denials")).status);
  await tries("cookie", async () => document.cookie.length);
  await tries("store", async () => localStorage.length);
  await tries("socket", () => new Promise((resolve, reject) => {
    const url = "ws://" + location.host + "/_clearance/_nicegui_ws/socket.io/";
    const socket = new WebSocket(url + "?EIO=4&transport=websocket");
    socket.onopen = () => resolve("open");
    socket.onerror = () => reject(new Error("refused"));
  }));
  document.title = told.join(", ");
})();
</script>"""


def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": PAGE}
'''


def function_page(site: Served) -> str:
    """The address of the function's page under the console's own host."""
    iam, functions = site.client("admin", "iam"), site.client("admin", "lambda")
    role = iam.create_role(RoleName="page-role", AssumeRolePolicyDocument=LAMBDA_TRUST)
    functions.create_function(
        FunctionName="page",
        Role=role["Role"]["Arn"],
        Runtime="python3.11",
        Handler="app.handler",
        Code={"ZipFile": zipped(CODE)},
    )
    made = functions.create_function_url_config(FunctionName="page", AuthType="NONE")
    functions.add_permission(
        FunctionName="page",
        StatementId="all",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    functions.add_permission(
        FunctionName="page",
        StatementId="invoke",
        Action="lambda:InvokeFunction",
        Principal="*",
        InvokedViaFunctionUrl=True,
    )
    number = str(made["FunctionUrl"]).partition("//")[2].partition(".")[0]
    return f"{site.url}/_clearance/lambda-url/{number}/"


def test_a_functions_page_cannot_use_its_readers_session(page: Page, site: Served) -> None:
    where = function_page(site)
    stranger = page.context.new_page()
    stranger.goto(where)
    expect(stranger.get_by_text("hello")).to_be_visible()
    told = "read failed, cookie failed, store failed, socket failed"
    expect(stranger).to_have_title(told)
    stranger.close()
    # and the reader is still signed in
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Denials")
