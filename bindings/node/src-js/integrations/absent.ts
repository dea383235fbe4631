import { say } from "../client";
import type { Integration } from "../integration";

/** What the official SDK has and this one does not: a name that is taken, and says once in the debug output that it does nothing. */
type Absent = (options?: unknown) => Integration;

const NOTHING = "nothing of it is watched here";
const said = new Set<string>();

function absent(name: string, why = NOTHING): Absent {
  return () => ({
    name,
    unlisted: true,
    setup() {
      if (said.has(name)) return;
      said.add(name);
      say(`the integration ${name} does nothing: ${why}`);
    },
  });
}

const MODELS = "calls of generative models are not watched here";
const FLAGS = "call `featureFlagsIntegration().addFeatureFlag(name, value)`";

export const amqplibIntegration = absent("Amqplib");
export const anthropicAIIntegration = absent("Anthropic_AI", MODELS);
export const awsIntegration = absent("Aws");
export const awsLambdaWebIntegration = absent("AwsLambdaWeb", "wrap the handler with `wrapHandler`");
export const cronJobIntegration = absent("CronJob", "give the class to `cron.instrumentCron`");
export const dataloaderIntegration = absent("Dataloader");
export const firebaseIntegration = absent("Firebase");
export const fsIntegration = absent("FileSystem");
export const genericPoolIntegration = absent("GenericPool");
export const googleGenAIIntegration = absent("Google_GenAI", MODELS);
export const graphqlIntegration = absent("Graphql", "resolvers are not watched; the requests are");
export const groqIntegration = absent("Groq", MODELS);
export const growthbookIntegration = absent("GrowthBook", FLAGS);
export const kafkaIntegration = absent("Kafka");
export const knexIntegration = absent("Knex", "the drivers below are watched: mysql2 by itself, pg by `instrumentPg`");
export const langChainIntegration = absent("LangChain", MODELS);
export const langGraphIntegration = absent("LangGraph", MODELS);
export const launchDarklyIntegration = absent("LaunchDarkly", FLAGS);
export const lruMemoizerIntegration = absent("LruMemoizer");
export const mastraIntegration = absent("Mastra", MODELS);
export const mcpServerIntegration = absent("McpServer", MODELS);
export const mistralAIIntegration = absent("Mistral", MODELS);
export const moduleMetadataIntegration = absent("ModuleMetadata", "there is no build plugin");
export const mongoIntegration = absent("Mongo", "give the client to `instrumentMongo`");
export const mongooseIntegration = absent("Mongoose", "give `mongoose.connection.getClient()` to `instrumentMongo`");
export const mysqlIntegration = absent("Mysql", "mysql2 is watched, mysql is not");
export const neonIntegration = absent("Neon");
export const nitroIntegration = absent("Nitro");
export const nodeCronIntegration = absent("NodeCron", "give the library to `cron.instrumentNodeCron`");
export const nodeRuntimeMetricsIntegration = absent("NodeRuntimeMetrics");
export const nodeScheduleIntegration = absent("NodeSchedule", "give the library to `cron.instrumentNodeSchedule`");
export const openAIIntegration = absent("OpenAI", MODELS);
export const openFeatureIntegration = absent("OpenFeature", FLAGS);
export const openTelemetryIntegration = absent("OpenTelemetry", "give `WatchpostSpanProcessor` to your provider");
export const postgresJsIntegration = absent("PostgresJs", "`pg` is watched by `postgresIntegration`, `postgres` is not");
export const prismaIntegration = absent("Prisma", "give the client to `instrumentPrisma`");
export const statsigIntegration = absent("Statsig", FLAGS);
export const supabaseIntegration = absent("Supabase", "its requests by `fetch` are watched");
export const tediousIntegration = absent("Tedious");
export const togetherAIIntegration = absent("TogetherAI", MODELS);
export const unleashIntegration = absent("Unleash", FLAGS);
export const vercelAIIntegration = absent("VercelAI", MODELS);
