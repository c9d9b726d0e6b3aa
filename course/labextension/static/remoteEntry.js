// JupyterLab and Notebook 7 show a picture without the alt text that its output's metadata carry (seen in 4.6). This
// extension passes it on, for the picture of any library. It is a federated module written by hand: two functions, and
// no bundler to keep up to date.

(() => {
  const NAME = "redes-feedforward";
  const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"];
  let shared; // the application's own modules

  async function load(module) {
    const [version] = Object.values(shared[module]);
    return (await version.get())();
  }

  // A renderer that draws as it always did, and then gives its picture the text.
  function withText(factory) {
    const createRenderer = (options) => {
      const renderer = factory.createRenderer(options);
      const draw = renderer.renderModel.bind(renderer);
      renderer.renderModel = async (model) => {
        await draw(model);
        const text = model.metadata[options.mimeType]?.alt;
        const image = renderer.node.querySelector("img");
        if (image && typeof text === "string") image.alt = text;
      };
      return renderer;
    };
    return { ...factory, createRenderer };
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => {
      shared = scope;
    },
    get: async () => {
      const { IRenderMimeRegistry } = await load("@jupyterlab/rendermime");
      const activate = (app, registry) => {
        const factories = new Set(IMAGES.map((type) => registry.getFactory(type)).filter(Boolean));
        for (const factory of factories) registry.addFactory(withText(factory));
      };
      return () => ({ __esModule: true, default: { id: `${NAME}:alt`, autoStart: true, requires: [IRenderMimeRegistry], activate } });
    },
  };
})();
